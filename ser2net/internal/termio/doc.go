// Package termio is what Linux can do with an open serial device: modes,
// modem lines, breaks, counters, locks. Its numbers and layouts are those of
// the kernel's asm/termbits.h and linux/serial.h for each processor.
package termio
