package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// printStatus writes the status as a table.
func printStatus(out io.Writer, s ipsec.Status, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "daemon\t%s\t%s\t%s\n", s.Daemon.State, s.Daemon.Version, s.Daemon.Error) // Flush tells
	for _, c := range s.Connections {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, c.State, configured(c), reason(c))
		for _, sa := range c.SAs {
			_, _ = fmt.Fprintf(w, "  ike %d\t%s\t%s\t%s (%s), renewed in %s\n", sa.ID, sa.State, sa.Algorithms,
				sa.RemoteHost, sa.RemoteID, until(sa.RekeyAt, now))
			for _, child := range sa.Children {
				_, _ = fmt.Fprintf(w, "  esp %d\t%s\t%s\t%d bytes in, %d out, renewed in %s\n", child.ID, child.State, child.Algorithms,
					child.BytesIn, child.BytesOut, until(child.RekeyAt, now))
			}
		}
	}
	return w.Flush()
}

func configured(c ipsec.ConnectionStatus) string {
	if c.Configured {
		return "configured: yes"
	}
	return "configured: no"
}

func reason(c ipsec.ConnectionStatus) string {
	if c.LastError == nil {
		return ""
	}
	return string(c.LastError.Cause) + ": " + c.LastError.Detail
}

// until is how long it is to a moment, in whole seconds; "-" without one.
func until(at, now time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Sub(now).Round(time.Second).String()
}
