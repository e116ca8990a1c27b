// Package influx is the sink that writes the facts of each record to an
// InfluxDB of the 1.x line, or to what speaks its HTTP interface: line
// protocol to /write, gzip, several thousand lines a request.
//
// A request that fails by the network or with a status of 5xx or 429 is tried
// again; a point that is written twice is the same point. Lines that the
// server refuses (status 400 or 413) are counted and not tried again. The
// database is made when the server does not have it.
package influx
