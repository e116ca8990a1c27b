// Package latest holds the last state of every device in memory: the raw
// datagrams of its newest report and a few numbers, about 0.5 KB a device with
// a report of 330 bytes. The datagrams lie outside of the heap, so that the
// garbage collector neither scans them nor sets memory aside for them.
//
// Within a boot the sequence number tells which report is the newest: one that
// comes late replaces nothing. Of several boots, and where a device does not
// know its own, the one that arrived last is the newest. The clock has no say,
// so a jump of it freezes nothing. A report that was split is held by parts.
package latest
