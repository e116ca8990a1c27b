// Package store keeps what a collector has received: an append-only log in a
// folder, and with it the last state of every device in memory.
//
// # Files
//
//	lock                   held by the one process that uses the folder
//	0000000000000001.log   segments of the log, rotated by size and after a day
//	0000000000000001.idx   where each device stands in a segment that is full
//	checkpoint             the last states, as of a place in the log
//
// A record is a length, a CRC-32C, and a [latest.Report] in bytes: time of
// arrival, source, and the raw datagram; about 32 bytes more than that. An .idx
// takes 8 bytes a record and 16 KiB; a lost or damaged one is made again.
//
// # What is safe when
//
// Each Write is synced to the disk before it returns nil: what a caller then
// acknowledges survives kill -9 and, as far as the disk keeps its word, a power
// cut. So Writes should be few and large: a receiver whose BatchDelay is one
// second makes one sync a second.
//
// At Open a record at the end that is not whole, as a crash leaves it, is cut
// off. Damage in the middle is skipped up to the next valid record, counted,
// and logged with its place. The last states come from the checkpoint (every 5
// minutes and at Close, replaced atomically) and the log after it, at some
// 500,000 records a second.
//
// When the disk is full or fails, Write says so, none of its records is
// stored, they are counted, and the states in memory go on. Each Write tries
// afresh.
//
// # History
//
// The records of one device are found by the hash of its serial number: two
// small reads a segment that overlaps the time asked for, and one a record. A
// day of a device that reports each minute, among 10,000 such devices, takes 8
// ms from the page cache (BenchmarkHistoryOfADay). With 1,000,000 devices a day
// has some 7,500 segments, which cost about 20 µs each besides; a disk that
// must be asked adds one access a record and two a segment.
package store
