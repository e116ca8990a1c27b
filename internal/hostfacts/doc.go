// Package hostfacts reads what a Linux host tells about itself: CPU times,
// load, memory, filesystems, network interfaces and identity. It is the one
// place of the module that knows /proc, /sys, statfs and os-release, so that
// telemetry, SNMP and the HTTP API show the same numbers.
//
// Every method reads anew, keeps nothing and logs nothing. All files lie
// below [Options].Root, so a folder of plain files stands in for a host in
// tests. Errors begin with "hostfacts: " and name the file; a missing file
// wraps [io/fs.ErrNotExist].
//
// The package compiles everywhere and reads any Root anywhere; only the
// default of [Options].Statfs needs Linux, and elsewhere gives
// [errors.ErrUnsupported].
package hostfacts
