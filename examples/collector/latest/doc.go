// Package latest holds the last state of every device in memory: the raw
// datagrams of its newest report and a few numbers, about 0.5 KB a device with
// a report of 330 bytes. The datagrams lie outside of the heap, so that the
// garbage collector neither scans them nor sets memory aside for them.
//
// Which report is the newest is told by boot and sequence number, and by the
// time of arrival where a device does not know its boot: a datagram that comes
// late never replaces a newer one. A report that was split is held by parts.
package latest
