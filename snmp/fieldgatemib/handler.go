package fieldgatemib

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

//go:embed FIELDGATE-MIB.txt
var module string

// The line that places the module, as in FIELDGATE-MIB.txt.
const place = `::= { enterprises netSnmp(8072) netSnmpExperimental(9999)
          netSnmpPlaypen(9999) 26215 }`

const (
	enterprises = ".1.3.6.1.4.1"
	defaultRoot = enterprises + ".8072.9999.9999.26215"
	maxRoot     = snmp.MaxArcs - maxName - 6 // arcs for object, column and index
	maxName     = 96
	maxText     = 255
)

// Options is what the program brings. A nil function leaves its objects
// without instances. The functions are called one at a time, and answer at
// once.
type Options struct {
	// Root is where the module is, below .1.3.6.1.4.1, with up to 26 arcs;
	// nil: .1.3.6.1.4.1.8072.9999.9999.26215.
	Root snmp.OID

	Device      func() Device
	Services    func() []Service
	Tunnels     func() []Tunnel
	Instances   func() []Instance
	SerialPorts func() []SerialPort
	Modems      func() []Modem
	Disks       func() []Disk

	// TTL is how long the facts are kept; 0: 1 s.
	TTL time.Duration
	// Interval is how often Watch looks at them; 0: 5 s.
	Interval time.Duration
}

// Handler serves the module. It is a [snmp.Snapshotter] and a [snmp.Watcher],
// and safe for concurrent use.
type Handler struct {
	options Options
	root    snmp.OID

	mu    sync.Mutex
	facts *facts
	taken time.Time
	above map[string]bool // disks that reached their limit
}

var (
	_ snmp.Snapshotter = (*Handler)(nil)
	_ snmp.Watcher     = (*Handler)(nil)
)

// New makes a handler. It calls none of the functions.
func New(o Options) (*Handler, error) {
	if o.Root == nil {
		o.Root = snmp.MustParseOID(defaultRoot)
	}
	base := snmp.MustParseOID(enterprises)
	if !o.Root.HasPrefix(base) || len(o.Root) == len(base) || len(o.Root) > maxRoot {
		return nil, fmt.Errorf("fieldgatemib: the root %v is not below %v, or has more than %d arcs", o.Root, base, maxRoot)
	}
	if o.TTL < 0 || o.Interval < 0 {
		return nil, fmt.Errorf("fieldgatemib: TTL %v and interval %v must not be negative", o.TTL, o.Interval)
	}
	if o.TTL == 0 {
		o.TTL = time.Second
	}
	if o.Interval == 0 {
		o.Interval = 5 * time.Second
	}
	return &Handler{options: o, root: o.Root.Append(), above: make(map[string]bool)}, nil
}

// Root returns where the module is, the prefix to mount the handler at.
func (h *Handler) Root() snmp.OID { return h.root }

// MIB returns the text of FIELDGATE-MIB for managers, placed at the root.
func (h *Handler) MIB() string {
	if h.root.String() == defaultRoot {
		return module
	}
	arcs := h.root[len(snmp.MustParseOID(enterprises)):]
	var b strings.Builder
	b.WriteString("::= { enterprises")
	for i, arc := range arcs {
		n := strconv.FormatUint(uint64(arc), 10)
		if i < len(arcs)-1 { // numbers without names are not good style in the middle
			n = "fieldgateArc" + strconv.Itoa(i+1) + "(" + n + ")"
		}
		b.WriteString(" " + n)
	}
	b.WriteString(" }")
	return strings.Replace(module, place, b.String(), 1)
}

// Get returns a value, see [snmp.Handler].
func (h *Handler) Get(oid snmp.OID) snmp.Value { return h.Snapshot().Get(oid) }

// Next returns the instance after oid, see [snmp.Handler].
func (h *Handler) Next(after snmp.OID) (snmp.VarBind, bool) { return h.Snapshot().Next(after) }

// Snapshot returns all instances of one moment, at most TTL ago.
func (h *Handler) Snapshot() snmp.Handler { return h.current().list }

// current returns the facts, asked for anew when they are too old.
func (h *Handler) current() *facts {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.facts == nil || time.Since(h.taken) >= h.options.TTL {
		h.facts = h.take()
		h.taken = time.Now()
	}
	return h.facts
}
