package devicelog

import (
	"context"
	"io"
)

// Journal is the journal of systemd, read by its own journalctl: the lines
// that this user may see, each with a time in ISO 8601.
type Journal struct {
	// Folder holds the journal files; empty = the journal of this system.
	Folder string
}

// WriteLog implements [api.Syslog]. A folder without journal files is an empty
// log; journals that this user may not read are an error.
func (j Journal) WriteLog(ctx context.Context, w io.Writer) error {
	c := child{
		paths: []string{"/usr/bin/journalctl", "/bin/journalctl"},
		args:  []string{"--quiet", "--no-pager", "--output=short-iso"},
	}
	if j.Folder != "" {
		c.args = append(c.args, "--directory="+j.Folder)
	}
	return c.run(ctx, w)
}
