package devicelog

import (
	"context"
	"io"
)

// Logread is the log in memory of OpenWrt's logd or of busybox syslogd (-C),
// read by the logread that belongs to it.
type Logread struct{}

// WriteLog implements [api.Syslog].
func (Logread) WriteLog(ctx context.Context, w io.Writer) error {
	return child{
		paths: []string{"/sbin/logread", "/usr/sbin/logread", "/bin/logread", "/usr/bin/logread"},
	}.run(ctx, w)
}
