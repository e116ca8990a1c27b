package doctor

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	fullBelow   = 1 << 20 // bytes: less cannot take a configuration for sure
	scarceBelow = 8 << 20
	lookUpTime  = 3 * time.Second
)

// system looks at the clock and at the disk.
func (e *examination) system(context.Context) {
	if e.Host.Clock != nil {
		switch now, trusted := e.Host.Clock(); {
		case trusted:
		case !e.Host.Earliest.IsZero() && now.After(e.Host.Earliest):
			e.warn("system", "clock", "Nothing keeps the clock of the system right: it stands at "+now.UTC().Format("2 January 2006 15:04")+
				" UTC, which may be wrong, and telemetry is sent without the time.", "Let it be kept by NTP.")
		default:
			e.add("system", "clock", "The clock of the system is not set: it stands at "+now.UTC().Format("2 January 2006 15:04")+
				", so certificates cannot be judged, and telemetry is sent without the time.",
				"Let it be set by NTP, or set it by hand with date -s.")
		}
	}
	if e.Host.Free == nil {
		return
	}
	for _, folder := range e.Host.Folders {
		left, err := e.Host.Free(folder)
		switch {
		case err != nil:
			e.add("system", folder, "The folder of the gateway cannot be looked at: "+err.Error()+".", "Make sure that it is there and mounted.")
		case left < fullBelow:
			e.add("system", folder, fmt.Sprintf("The disk is full: %d KiB are left in %s, so no configuration can be saved.", left>>10, folder),
				"Delete what is not needed, such as old logs, or use a larger disk.")
		case left < scarceBelow:
			e.warn("system", folder, fmt.Sprintf("The disk is nearly full: %d KiB are left in %s.", left>>10, folder),
				"Delete what is not needed, such as old logs, or use a larger disk.")
		}
	}
}

// missing tells what the host lacks.
func (e *examination) missing() {
	for _, m := range e.Missing {
		if m.Service == "clock" && e.Host.Clock != nil {
			continue // told already
		}
		todo := "Bring it, then it is used by itself."
		switch {
		case m.LeftOut:
			todo = "Disable it, or install a gateway that was built with it."
		case m.Command != "":
			todo = "Mend it with: " + m.Command
		}
		e.add(m.Service, "", sentence(m.What), todo)
	}
}

// names looks up every host name that the configuration needs.
func (e *examination) names(ctx context.Context) {
	if e.Host.Resolve == nil {
		return
	}
	users := e.hostNames()
	failures := make(map[string]error)
	var mu sync.Mutex
	var wg sync.WaitGroup
	looking, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	for name := range users {
		wg.Go(func() {
			if err := e.Host.Resolve(looking, name); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures[name] = err
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(failures)) {
		e.nameless[name] = true
		who := users[name]
		e.add(who[0].service, who[0].subject, fmt.Sprintf("The name %s is not known to the DNS servers, or they do not answer%s.", name, others(who[1:])),
			"Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink.")
	}
}

// user is who needs something.
type user struct{ service, subject string }

// others adds who else needs the same.
func others(who []user) string {
	if len(who) == 0 {
		return ""
	}
	var all []string
	for _, u := range who {
		all = append(all, strings.TrimSpace(u.service+" "+u.subject))
	}
	return " (needed by " + strings.Join(all, ", ") + " too)"
}

// hostNames are the names in the configuration with who needs them.
func (e *examination) hostNames() map[string][]user {
	names := make(map[string][]user)
	need := func(host, service, subject string) {
		if _, err := netip.ParseAddr(host); err != nil && host != "" && !strings.Contains(host, "%any") && host != "any" {
			names[host] = append(names[host], user{service, subject})
		}
	}
	doc := e.Document
	if doc.Telemetry.Enabled {
		for _, d := range doc.Telemetry.Destinations {
			need(d.Host, "telemetry", net.JoinHostPort(d.Host, strconv.Itoa(d.Port)))
		}
	}
	if doc.IPsec.Enabled {
		for _, c := range doc.IPsec.Connections {
			if c.Enabled {
				need(c.Gateway, "ipsec", c.Name)
			}
		}
	}
	if doc.L2TP.Enabled {
		for _, c := range doc.L2TP.Clients {
			if c.Enabled {
				need(c.Gateway, "l2tp", c.Name)
			}
		}
	}
	if doc.OpenVPN.Enabled {
		for _, i := range doc.OpenVPN.Instances {
			if !i.Enabled {
				continue
			}
			for _, r := range i.Remotes {
				need(r.Host, "openvpn", i.Name)
			}
		}
	}
	return names
}

// services tells which do not run though they are to.
func (e *examination) services() {
	for _, s := range e.Services {
		if s.State != "restarting" || e.lacks(s.Name) {
			continue
		}
		if portTaken(s.Error) {
			e.taken(s.Name, "", s.Error)
			continue
		}
		e.add(s.Name, "", "The service does not start: "+strings.TrimSuffix(s.Error, ".")+".", "Correct its settings, or see the log; it is tried again by itself.")
	}
}

// portTaken reports whether an error is that of a bind to a port of somebody
// else.
func portTaken(text string) bool { return strings.Contains(text, "address already in use") }

// taken tells who has the port that an error of net is about, such as "listen
// tcp 127.0.0.1:80: bind: address already in use".
func (e *examination) taken(service, subject, text string, addresses ...string) {
	network, address := "tcp", ""
	for word := range strings.FieldsSeq(text) {
		if word = strings.TrimSuffix(word, ":"); word == "udp" || word == "udp4" || word == "udp6" {
			network = "udp"
		} else if _, _, err := net.SplitHostPort(word); err == nil {
			address = word
		}
	}
	if len(addresses) > 0 {
		network, address = addresses[0], addresses[1]
	}
	_, number, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(number)
	by := "another program"
	if e.Host.Listener != nil && port > 0 {
		if p, known := e.Host.Listener(network, port); known {
			by = p.String()
		}
	}
	e.add(service, subject, fmt.Sprintf("The port %s/%s is taken by %s.", network, address, by), "End that program, or choose another port.")
}

// sentence makes a sentence of a text.
func sentence(text string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ".")
	if text == "" {
		return ""
	}
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
