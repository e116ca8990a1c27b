// Package store keeps what a collector has received: an append-only log in a
// folder, and with it the last state of every device in memory.
//
// # Files
//
//	lock                   held by the one process that uses the folder
//	0000000000000001.log   segments of the log, rotated by size and after a day
//	0000000000000001.idx   which device stands where in a segment that is full
//	checkpoint             the last states, as of a place in the log
//
// A record is a length, a CRC-32C, and a [latest.Report] in bytes: time of
// arrival, source, and the raw datagram, 31 bytes more than that. An .idx takes
// 8 bytes a record and 16 KiB; a lost one is made again.
//
// # What is safe when
//
// The log is written and synced to the disk once an interval, 1 s unless told.
// With Durable, Write returns nil only after that: what a caller then
// acknowledges survives kill -9 and, as far as the disk keeps its word, a power
// cut. Without it Write returns at once, and an end without Close loses what
// came during the last interval. All Writes of an interval share one sync, so
// Writes should be many at once or large.
//
// At Open a record at the end that is not whole, as a crash leaves it, is cut
// off. Damage in the middle is skipped up to the next valid record, counted,
// and logged with its place. The last states come from the checkpoint (every 5
// minutes and at Close, replaced atomically) and the log after it.
//
// When the disk is full or fails, Write says so, records that could not be
// stored are counted, the states in memory go on, and every interval the log
// is tried again. A record of a failed Write may be in the log all the same.
//
// # History
//
// The records of one device are found by the hash of its serial number: two
// small reads a segment that overlaps the time asked for, and one a record. A
// day of a device that reports each minute is 1,440 reads of 400 bytes, and
// with 1,000,000 devices, 8,000 segments of 64 MiB: under a second from the
// page cache or an SSD.
package store
