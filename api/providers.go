package api

import (
	"context"
	"io"
	"time"
)

// Providers is what the endpoints tell about, brought by the program. A nil
// provider is no fault, but its endpoints cannot be switched on.
//
// Providers are called by several requests at the same time. An error that
// wraps [ErrNotReady] becomes status 503, any other 500; its text becomes
// the "error" of the answer, so it holds nothing that the owner of a key may
// not see.
type Providers struct {
	System  System  // endpoint system_info
	Syslog  Syslog  // endpoint syslog
	Modem   Modem   // endpoint gsm_info
	Points  Points  // endpoints devices, device_info, device_tags, device_tag_value, tags
	Sync    Sync    // endpoint sync
	Upgrade Upgrade // endpoint sysupgrade
}

// System knows the facts of the device.
type System interface {
	// SystemInfo reads the facts afresh. A single fact that cannot be had
	// is left at its zero value and is no error. It may be called any
	// number of times. When ctx has ended it returns an error wrapping
	// ctx's; while ctx lives, an error means that nothing could be read.
	SystemInfo(ctx context.Context) (SystemInfo, error)
}

// Syslog knows the log of the device.
type Syslog interface {
	// WriteLog writes the log to w: text lines, each ended by a newline,
	// the oldest first, up to the newest there is when it is called. It
	// does not wait for further lines, and holds no more than a bounded
	// piece of the log in memory. It may be called any number of times;
	// each call writes the whole log.
	//
	// It returns nil only when the log is complete. When ctx has ended it
	// returns soon, with an error wrapping ctx's; when w fails, with an
	// error wrapping that of w.
	WriteLog(ctx context.Context, w io.Writer) error
}

// SystemInfo is what [System] tells. A fact with its zero value is missing
// and is sent as an empty string.
type SystemInfo struct {
	Hostname        string
	Model           string // of the hardware, such as "WCC Lite"
	Serial          string
	FirmwareVersion string
	Kernel          string        // release, such as "6.6.58"
	Uptime          time.Duration // since the device was switched on
	Time            time.Time     // the device's clock
	Load            *Load         // nil = missing

	// Sizes in bytes; nil = missing, since 0 can be a fact (a full disk).
	MemoryTotal     *uint64
	MemoryAvailable *uint64 // free for programs without swapping
	DiskTotal       *uint64 // of the file system that holds the device's data
	DiskAvailable   *uint64 // free for data, without the superuser's reserve
}

// Load is the average number of runnable processes over the last 1, 5 and 15
// minutes.
type Load struct{ One, Five, Fifteen float64 }
