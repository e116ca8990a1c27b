package pages

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
)

func (p *Pages) statusPages() {
	p.show(page{path: "/", title: "Status", role: account.Viewer, live: p.status})
}

// statusData is the first page: what runs, what is missing, what the device
// is.
type statusData struct {
	Services []control.ServiceState
	Missing  []control.Missing
	Facts    []fact
	Plots    []plot
	Trouble  error
}

func (p *Pages) status(r *http.Request) (living, error) {
	data := statusData{Services: p.Control.Services(), Missing: p.Control.Missing(), Plots: p.samples.plots()}
	info, err := p.Live.System().SystemInfo(r.Context())
	data.Facts, data.Trouble = facts(info), err
	return data, nil
}

// fact is a line about the device.
type fact struct{ Name, Value string }

// facts lists what is known of the device; what is not known is left out.
func facts(info api.SystemInfo) []fact {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, value})
		}
	}
	add("Host name", info.Hostname)
	add("Model", info.Model)
	add("Serial number", info.Serial)
	add("Firmware", info.FirmwareVersion)
	add("Kernel", info.Kernel)
	if info.Uptime > 0 {
		add("Uptime", info.Uptime.Truncate(time.Second).String())
	}
	if l := info.Load; l != nil {
		add("Load 1, 5, 15 min", fmt.Sprintf("%.2f, %.2f, %.2f", l.One, l.Five, l.Fifteen))
	}
	add("Memory available", share(info.MemoryAvailable, info.MemoryTotal))
	add("Disk available", share(info.DiskAvailable, info.DiskTotal))
	return all
}

func share(part, whole *uint64) string {
	if part == nil || whole == nil {
		return ""
	}
	const mib = 1 << 20
	return fmt.Sprintf("%d of %d MiB", *part/mib, *whole/mib)
}
