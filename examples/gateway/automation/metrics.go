package automation

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// metrics writes the numbers of the gateway in the text format of Prometheus,
// version 0.0.4, for users, their tokens, and who asks from this host.
func (a *Automation) metrics(w http.ResponseWriter, r *http.Request) {
	if p := refused(r.Context(), account.Viewer); p != nil && !fromThisHost(r) {
		p.write(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(a.exposition())
}

// fromThisHost reports whether a request comes from this host itself, asked as
// such, and not by way of a proxy that runs here.
func fromThisHost(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && document.LocalHost(r.Host) &&
		r.Header.Get("Forwarded") == "" && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("X-Real-Ip") == ""
}

// exposition collects the families of metrics.
type exposition struct{ bytes.Buffer }

func (e *exposition) family(name, kind, help string) {
	_, _ = fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes a value; labels are pairs of name and value.
func (e *exposition) sample(name, value string, labels ...string) {
	e.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		e.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		e.WriteString(labels[i] + `="` + escapes.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	e.WriteString(" " + value + "\n")
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func (a *Automation) exposition() []byte {
	var e exposition
	e.family("fieldgate_info", "gauge", "The version of the gateway.")
	e.sample("fieldgate_info", "1", "version", a.Version)
	e.family("fieldgate_config_revision", "gauge", "Revisions of the configuration.")
	_, saved := a.Control.Saved()
	_, applied := a.Control.Applied()
	e.sample("fieldgate_config_revision", number(uint64(saved)), "which", "saved")
	e.sample("fieldgate_config_revision", number(uint64(applied)), "which", "applied")
	e.family("fieldgate_config_unconfirmed", "gauge", "Whether an applied configuration waits for its confirmation.")
	e.sample("fieldgate_config_unconfirmed", flag(!a.Control.Pending().IsZero()))
	a.serviceMetrics(&e)
	detailMetrics(&e, a.details())
	processMetrics(&e)
	return e.Bytes()
}

func (a *Automation) serviceMetrics(e *exposition) {
	services := a.Control.Services()
	e.family("fieldgate_service_up", "gauge", "Whether a service runs.")
	for _, s := range services {
		e.sample("fieldgate_service_up", flag(s.State == "running"), "service", s.Name)
	}
	e.family("fieldgate_service_enabled", "gauge", "Whether a service is enabled.")
	for _, s := range services {
		e.sample("fieldgate_service_enabled", flag(s.State != "disabled"), "service", s.Name)
	}
	e.family("fieldgate_service_state_seconds", "gauge", "For how long a service has been so.")
	for _, s := range services {
		if !s.Since.IsZero() {
			e.sample("fieldgate_service_state_seconds", strconv.FormatFloat(time.Since(s.Since).Seconds(), 'f', 0, 64), "service", s.Name)
		}
	}
	e.family("fieldgate_item_good", "gauge", "Whether a tunnel, an instance, a port is as it should be.")
	for _, s := range services {
		for _, i := range a.Control.Items(s.Name) {
			e.sample("fieldgate_item_good", flag(i.Good), "service", s.Name, "item", i.Name)
		}
	}
}

func detailMetrics(e *exposition, d details) {
	// A family has to be in one piece, whatever service its samples are of.
	type sample struct {
		value  uint64
		labels []string
	}
	var traffic, clients, restarts []sample
	count := func(value uint64, labels ...string) sample { return sample{value, labels} }
	if d.IPsec != nil {
		for _, c := range d.IPsec.Connections {
			traffic = append(traffic, count(c.BytesIn, "service", "ipsec", "item", c.Name, "direction", "in"), count(c.BytesOut, "service", "ipsec", "item", c.Name, "direction", "out"))
		}
		restarts = append(restarts, count(d.IPsec.Restarts, "service", "ipsec", "item", ""))
	}
	if d.OpenVPN != nil {
		for _, i := range d.OpenVPN.Instances {
			traffic = append(traffic, count(i.BytesIn, "service", "openvpn", "item", i.Name, "direction", "in"), count(i.BytesOut, "service", "openvpn", "item", i.Name, "direction", "out"))
			clients = append(clients, count(uint64(i.Clients), "service", "openvpn", "item", i.Name))
			restarts = append(restarts, count(i.Restarts, "service", "openvpn", "item", i.Name))
		}
	}
	if d.Ser2net != nil {
		for _, p := range d.Ser2net.Ports {
			traffic = append(traffic, count(p.ToNetwork, "service", "ser2net", "item", p.Name, "direction", "in"), count(p.ToDevice, "service", "ser2net", "item", p.Name, "direction", "out"))
			clients = append(clients, count(uint64(p.Clients), "service", "ser2net", "item", p.Name))
		}
	}
	var messages []sample
	if d.Telemetry != nil {
		for _, t := range d.Telemetry.Destinations {
			at := t.Host + ":" + strconv.FormatInt(t.Port, 10)
			messages = append(messages, count(t.Sent, "service", "telemetry", "peer", at, "what", "sent"),
				count(t.Failed, "service", "telemetry", "peer", at, "what", "failed"), count(t.Dropped, "service", "telemetry", "peer", at, "what", "dropped"))
		}
	}
	if d.SNMP != nil {
		messages = append(messages, count(d.SNMP.Received, "service", "snmp", "peer", "", "what", "received"),
			count(d.SNMP.Sent, "service", "snmp", "peer", "", "what", "sent"), count(d.SNMP.Wrong, "service", "snmp", "peer", "", "what", "wrong"))
	}
	if d.API != nil {
		messages = append(messages, count(d.API.Requests, "service", "api", "peer", "", "what", "received"),
			count(d.API.Refused, "service", "api", "peer", "", "what", "refused"), count(d.API.Failed, "service", "api", "peer", "", "what", "failed"))
	}
	for _, f := range []struct {
		name, kind, help string
		samples          []sample
	}{
		{"fieldgate_item_bytes_total", "counter", "Bytes of a tunnel, an instance, a port; of a port, in is from the device.", traffic},
		{"fieldgate_item_clients", "gauge", "Who is connected to an instance or a port.", clients},
		{"fieldgate_item_restarts_total", "counter", "How often what runs a tunnel or an instance has started again by itself.", restarts},
		{"fieldgate_messages_total", "counter", "Reports of the telemetry agent, messages of SNMP, requests of the API.", messages},
	} {
		if len(f.samples) == 0 {
			continue
		}
		e.family(f.name, f.kind, f.help)
		for _, s := range f.samples {
			e.sample(f.name, number(s.value), s.labels...)
		}
	}
}

func processMetrics(e *exposition) {
	e.family("go_goroutines", "gauge", "Goroutines.")
	e.sample("go_goroutines", strconv.Itoa(runtime.NumGoroutine()))
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	e.family("go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects in the heap.")
	e.sample("go_memstats_heap_alloc_bytes", number(samples[0].Value.Uint64()))
	if resident, ok := residentMemory(); ok {
		e.family("process_resident_memory_bytes", "gauge", "Resident memory.")
		e.sample("process_resident_memory_bytes", number(resident))
	}
}

// residentMemory reads proc_pid_statm(5).
func residentMemory() (uint64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}

// health answers anybody whether the gateway is well: 200, or 503 with what
// is not, by name only.
func (a *Automation) health(w http.ResponseWriter, _ *http.Request) {
	var ill []string
	for _, s := range a.Control.Services() {
		if s.State != "running" && s.State != "disabled" {
			ill = append(ill, s.Name+" is "+s.State)
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(ill) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "Not well: %s.\n", strings.Join(ill, ", "))
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}
