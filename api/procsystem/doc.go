// Package procsystem is the [api.System] of a Linux host: it reads /proc,
// /sys, os-release and the size of the filesystem with the device's data.
//
//	system := procsystem.New(procsystem.Options{FirmwareVersion: "2.1.0"})
//
// Each answer is read anew. A fact that cannot be read is left out; only when
// none can be read is there an error. Nothing is logged.
package procsystem
