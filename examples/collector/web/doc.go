// Package web answers questions about a fleet over HTTP: as JSON, as pages
// that work without JavaScript, and as Prometheus metrics.
//
//	GET /                              page: table of devices, ?filter= and ?after=
//	GET /devices/SERIAL                page: last state, and a plot of ?field= over ?hours=
//	GET /v1/devices                    ?filter=TEXT&after=SERIAL&limit=N
//	GET /v1/devices/SERIAL             last state
//	GET /v1/devices/SERIAL/history     ?field=mem.avail&from=TIME&to=TIME&limit=N
//	POST /v1/devices/SERIAL/forget     forget a device; from the loopback interface only
//	GET /v1/silent                     ?periods=N&after=SERIAL&limit=N
//	GET /v1/loss                       counters of every device, streamed; ?lossy=1
//	GET /metrics                       Prometheus text
//	GET /healthz                       200, or 503 while records cannot be stored
//
// SERIAL is escaped as in any path. That of a device called "." or ".." does
// not fit there: /devices/?serial=.. and /v1/devices/?serial=.. are the same.
//
// filter takes the devices whose serial number contains the text. A limit is
// 1 to 1,000, 100 unless told; for a history 1 to 10,000, 2,000 unless told,
// and those that arrived together with the last are added: what was received
// in one go has one time. Where there is more, "next" is the after or from of the rest. A TIME is as
// in RFC 3339, or Unix seconds; a history is of the last 24 hours unless told.
// Errors are {"error": "..."} with status 400 or 404.
//
// A field is named as in the JSON of the last state, such as load.1m, uptime,
// gsm.dbm; a row of disks or ifs by its name: disks./overlay.used,
// ifs.eth0.rx_bytes.
//
// A device that lost its boot counter, as after its replacement, is refused as
// replayed until it is forgotten: then its next message is that of a new
// device. Until that comes, any recorded message of it can be replayed. Its
// history stays; its last state may be back after a kill -9 within 5 minutes,
// until the next message.
//
// There is no authentication: serve this on the loopback interface, or behind
// something that asks who comes.
package web
