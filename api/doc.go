// Package api is the HTTP programming interface of a device: thirteen paths
// under /api/, each switched on by itself, answered from what the program
// brings.
//
//	/api/version           {"api_version":"2","api_patch":"1","sync_version":"lite1"}
//	/api/actions           {"total_actions":"1","actions":[{"endpoint":"/api/sync","input":"file"}]}
//	/api/syncVersion       {"sync_version":"lite1"}
//	/api/sync              file: a configuration of the protocol hub; {"output":"report"}
//	/api/syslog            the system log as text, oldest line first
//	/api/systemInfo        {"hostname":"","model":"","serial":"","firmware_version":"","kernel":"",
//	                        "uptime":"","time":"","load_1":"","load_5":"","load_15":"",
//	                        "memory_total":"","memory_available":"","disk_total":"","disk_available":""}
//	/api/gsmInfo           {"operator":"","registration":"","technology":"","signal_dbm":"","imei":"","iccid":"",
//	                        "ip_address":""}
//	/api/devices           {"total_devices":"1","devices":[{"device_alias":"INV1","name":"INV1","protocol":"modbus rtu"}]}
//	/api/device/info       device_alias: {"devices":[one as above]}
//	/api/device/tags       device_alias: {"total_signals":"1","signals":[{"signal_name":"Active power",
//	                        "source_device_alias":"","input_topic":"tag/INV1/P/rin","output_topic":"tag/INV1/P/out",
//	                        "signal_alias":"P"}]}
//	/api/device/tag/value  device_alias, signal_alias: {"total_signals":"1","signal_values":[{"signal_name":"Active power",
//	                        "value":"5.959","timestamp":"1708000203824","flags":""}]}
//	/api/tags              as device/tags, of all devices, each with its "device_alias"
//	/api/sysupgrade        file: firmware; {"status":"accepted"}, sent before the upgrade begins
//	/api/openapi.json      the OpenAPI 3.1 document of what is on; it has no switch
//
// Every scalar is a JSON string, and a missing fact an empty one. Uptime is
// in seconds, time and timestamp in Unix milliseconds, sizes are in KiB. A
// value is in the shortest form that is exact, or "nan"; its flags are IV, NT
// and OV, joined by a space. The input of an action is its form fields, joined
// by a space.
//
// # Requests
//
// Endpoints without input answer GET, HEAD and POST alike; a POST may bring a
// form (multipart or url-encoded) of at most 64 KiB, which is read and
// ignored. Those with fields take a POST with a form of either kind, those with
// a file one in multipart/form-data; each named field has to be there once,
// not empty, and no other. OPTIONS tells the methods. Paths are exact: no other
// case, no trailing slash, no percent-encoding, and never a redirect.
//
//	curl -H "apiKey: $KEY" http://device/api/devices
//	curl -H "apiKey: $KEY" -F device_alias=INV1 -F signal_alias=P http://device/api/device/tag/value
//	curl -H "apiKey: $KEY" -F file=@config.xlsx http://device/api/sync
//
// The checks come in this order, each with its status:
//
//	503  the connection is one too many
//	429  too many requests, or too many wrong keys, from this address (with Retry-After, in seconds)
//	401  the apiKey header is missing, wrong or there twice, or the query names a key
//	404  the path is unknown
//	403  the endpoint is switched off, or the key does not open it
//	405  the method is not allowed (with Allow)
//	409  a sync or an upgrade is under way
//	415  the body is no form of the right kind
//	413  the body is too large
//	400  the form cannot be read or comes too slowly; a field is missing, empty, unknown or there twice
//	404  there is no such device or tag
//	422  the file is refused
//	500  the provider failed
//	503  the provider is not ready, or too slow
//
// Each of these answers is {"error":"one sentence"}; that of a refused sync has
// the report as "output" too. What is no HTTP request that can be read gets
// the plain text of net/http: 400, 431 (headers of more than 20 KiB), 501 or
// 505, and no check. The connection of a body in chunks ends with its answer. A body that breaks off half-way breaks its
// connection, so that no client takes it for whole. JSON of 1 KiB and more and
// texts are sent in gzip to clients that take it, two at a time: others go as
// they are.
//
// A file goes to its provider as it comes and is never held in memory. It may
// pause for 30 s and has to come with 512 B/s on average; the provider has 2
// minutes between two readings and after the last. The provider sees the end
// of a file only when the whole form was in order, and io.ErrUnexpectedEOF
// otherwise.
//
// # Keys
//
// A key is sent in the apiKey header. Each has a name, and may be limited to
// endpoints, to addresses and to a time; [Key] tells how to change one without
// a gap. Wrong keys lock their address out for 1 to 30 s, see
// [Limits.WrongKeys]: while that lasts a right key is refused like a wrong one,
// except one that opened from that address within the last hour, of which ten a
// second are looked at. Addresses are those of connections; headers of
// proxies are not believed.
//
// # Use
//
// [NewHandler] makes an [http.Handler] for a server that runs anyway;
// [Route] tells how to mount it. [New] makes a [Service] with a
// server of its own, with TLS or without. Both report every fault of the
// Config at once, as a [ConfigError]. Errors of the lifecycle are
// [ErrStarted], [ErrStopped] and [ErrDisabled]; providers report
// [ErrNotReady], [ErrBusy], [ErrRefused], [ErrUnknownDevice] and
// [ErrUnknownTag].
//
// Each request is logged with its id (also sent as X-Request-Id), endpoint,
// status, duration, source and name of the key: Debug when it succeeded,
// Info when it was refused or failed. Of the requests without a valid key, and
// of those above the rate, one line a second is logged, with the number of
// those left out. A certificate is logged when it is taken into use, and when
// its files have changed and cannot be read.
//
// Providers of the system log are in package devicelog below this one, fakes
// in apitest, and the tests that a provider has to pass in apitest/suite.
package api
