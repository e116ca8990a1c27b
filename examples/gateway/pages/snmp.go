package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/snmp"
)

// snmpViews are the fields that name views.
func snmpViews() map[string][]string {
	views := []string{"=all", "=none", "snmp.views"}
	return map[string][]string{"read": views, "write": views}
}

func (p *Pages) snmpPages() {
	p.show(page{path: "/snmp/browse", title: "Objects of the SNMP agent", role: account.Viewer, live: p.browse})
}

// snmpData is what the SNMP page shows beyond settings.
type snmpData struct {
	Running bool
	snmp.Status
	Started  time.Time
	Counts   []count
	Refusals []count
	Browser  bool
}

type count struct {
	Name string
	N    uint64
}

func (p *Pages) snmp(*http.Request) (special, error) {
	data := snmpData{Browser: p.MIB != nil}
	service := p.Live.SNMP()
	if service == nil {
		return data, nil
	}
	data.Running, data.Status = true, service.Status()
	data.Started = time.Now().Add(-data.Uptime.Std())
	c := data.Counters
	data.Counts = []count{
		{"Messages received", c.Received}, {"Messages sent", c.Sent}, {"GET", c.Gets}, {"GETNEXT", c.GetNexts}, {"GETBULK", c.GetBulks}, {"SET", c.Sets},
	}
	data.Refusals = slices.DeleteFunc([]count{
		{"wrong community", c.BadCommunities}, {"unknown user", c.UnknownUsers}, {"wrong password (digest)", c.WrongDigests},
		{"not encrypted as it should be", c.UnsupportedLevels}, {"cannot be decrypted", c.DecryptionErrors}, {"clock of the manager", c.NotInTimeWindows},
		{"unknown engine (the usual first message of a manager, too)", c.UnknownEngines}, {"cannot be read", c.Malformed}, {"unknown version", c.BadVersions},
		{"unknown context", c.UnknownContexts}, {"too large an answer", c.TooBig}, {"fault of a handler", c.HandlerFaults + c.GenErr}, {"not taken by the network", c.SendErrors},
		{"too many at once", c.RateDrops},
	}, func(c count) bool { return c.N == 0 })
	return data, nil
}

// maxObjects bounds a page of the browser.
const maxObjects = 100

// browseData is a page of the tree that the agent serves.
type browseData struct {
	None    bool
	OID     string
	Path    []link // from the root to here
	Below   []link // subtrees that the page begins with
	Objects []objectRow
	Next    string // path of the next page
	Error   string
}

// objectRow is one instance.
type objectRow struct{ OID, Name, Kind, Value string }

func browsePath(oid snmp.OID) string {
	return "/snmp/browse?" + url.Values{"oid": {oid.String()}}.Encode()
}

func (p *Pages) browse(r *http.Request) (living, error) {
	data := browseData{OID: r.URL.Query().Get("oid")}
	if p.MIB == nil {
		data.None = true
		return data, nil
	}
	mounts := p.MIB()
	names := namesOf(mounts)
	oid, err := names.parse(data.OID)
	if err != nil {
		data.Error = err.Error()
		return data, nil
	}
	data.OID = oid.String()
	for n := range oid {
		if at := oid[:n+1]; names.known(at) || n+1 == len(oid) {
			data.Path = append(data.Path, link{browsePath(at), names.last(at)})
		}
	}
	for _, m := range mounts {
		if m.Context == "" && m.Prefix.HasPrefix(oid) && len(m.Prefix) > len(oid) {
			data.Below = append(data.Below, link{browsePath(m.Prefix), names.name(m.Prefix)})
		}
	}
	after := oid
	if text := r.URL.Query().Get("after"); text != "" {
		if after, err = snmp.ParseOID(text); err != nil {
			return nil, &refusal{http.StatusBadRequest, "after is no identifier."}
		}
	}
	binds, more := walk(mounts, oid, after)
	for _, b := range binds {
		data.Objects = append(data.Objects, objectRow{b.OID.String(), names.name(b.OID), b.Value.Kind().String(), valueText(b.Value)})
	}
	if more {
		data.Next = browsePath(oid) + "&after=" + binds[len(binds)-1].OID.String()
	}
	return data, nil
}

// walk returns instances below an identifier, as GETNEXT from after on gives
// them. An identifier that is an instance is found too.
func walk(mounts []snmp.Mount, below, after snmp.OID) (binds []snmp.VarBind, more bool) {
	mounts = slices.DeleteFunc(slices.Clone(mounts), func(m snmp.Mount) bool { return m.Context != "" })
	order.Sort(mounts, func(a, b snmp.Mount) int { return a.Prefix.Compare(b.Prefix) })
	for _, m := range mounts {
		if !m.Prefix.HasPrefix(below) && !below.HasPrefix(m.Prefix) {
			continue
		}
		handler := m.Handler
		if s, is := handler.(snmp.Snapshotter); is {
			handler = s.Snapshot()
		}
		if after.Compare(below) == 0 && below.HasPrefix(m.Prefix) {
			if v := handler.Get(below); v.Exists() {
				binds = append(binds, snmp.VarBind{OID: below, Value: v})
			}
		}
		for at := after; ; {
			bind, ok := handler.Next(at)
			if !ok || !bind.OID.HasPrefix(m.Prefix) || !bind.OID.HasPrefix(below) {
				break
			}
			at = bind.OID
			if len(binds) == maxObjects {
				return binds, true
			}
			binds = append(binds, bind)
		}
	}
	return binds, false
}

// valueText shows a value: text as text, other octets in hexadecimal.
func valueText(v snmp.Value) string {
	switch v.Kind() {
	case snmp.KindOctetString:
		octets := v.Octets()
		if !strings.ContainsFunc(octets, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
			return octets
		}
		return fmt.Sprintf("% x", octets)
	case snmp.KindTimeTicks:
		return (time.Duration(v.Uint()) * 10 * time.Millisecond).String()
	case snmp.KindCounter32, snmp.KindCounter64, snmp.KindGauge32:
		return fmt.Sprint(v.Uint())
	case snmp.KindInteger:
		return fmt.Sprint(v.Int())
	case snmp.KindObjectID:
		return v.OID().String()
	}
	_, text, _ := strings.Cut(v.String(), ": ") // behind its kind
	return text
}
