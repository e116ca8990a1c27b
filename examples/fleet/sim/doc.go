// Package sim plays a fleet of telemetry devices, the network between them
// and their server, and an attacker, all at stated rates, and keeps account of
// what a server that receives the datagrams must have counted.
//
// All of it follows from a seed: the same [Config] gives the same datagrams
// in the same order, apart from the time that they carry. Nothing here opens a
// socket; the caller sends what it is given.
package sim
