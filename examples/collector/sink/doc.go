// Package sink opens the sinks of a collector by their URLs. Each engine is a
// package of its own below; this one knows them all, so only a program
// imports it.
//
//	stdout:
//
// prints JSON lines, see package jsonlines.
//
//	nats://[user:password@|token@]host:4222?stream=TELEMETRY&group=default
//	tls://...
//
// stores datagrams in NATS JetStream, see package nats. Further parameters:
// server=host:port (again for each further server of the cluster), batch,
// shard, max_age, max_bytes, window, pending, timeout.
//
//	influx+http://[user:password@]host:8086/database
//	influx+https://...
//
// writes facts to InfluxDB, see package influx. The last part of the path is
// the database, what is before it belongs to the address. Parameters:
// retention, batch, timeout.
//
// Durations are written as 90s, 5m or 7d. For both servers,
// password_file=/path names a file whose first line is the password, which
// keeps it out of the list of processes. Any sink takes name=..., which is
// what its state is shown under; without it, that is the scheme.
package sink
