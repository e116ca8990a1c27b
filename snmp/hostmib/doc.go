// Package hostmib serves what a Linux host tells about itself under the
// identifiers that monitors poll: IF-MIB with ifXTable, duplex and errors of
// EtherLike-MIB, the scalars of IP-MIB, TCP-MIB and UDP-MIB with
// ipSystemStatsTable, HOST-RESOURCES-MIB (system, storage, devices,
// processors, network, filesystems), UCD-SNMP-MIB (memory, disks, load,
// systemStats) and UCD-DISKIO-MIB. The numbers are those of package internal/hostfacts, which
// telemetry shows too.
//
// Each subtree of [Host.Mounts] is built when it is asked for, from readings
// that all subtrees share, and kept for [Options].TTL: however many objects a
// request names, each file is read once. All columns of a row are of one
// reading. What cannot be read is absent.
//
// Averages over a minute are right from the first second: they cover the time
// since boot until there is a second sample, and the time since the first
// sample until a minute is full. They stay accurate as long as the agent runs
// the handlers' Watch, which takes a sample every five seconds.
//
// Where the sources differ from net-snmp's snmpd, testdata/differences.txt
// says so, object by object, and TestIntegrationSameAsSnmpd holds that table
// against both.
package hostmib
