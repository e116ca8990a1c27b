package modemmanagertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/fieldgate/fieldgate/api"
)

const (
	service = "org.freedesktop.ModemManager1"
	root    = dbus.ObjectPath("/org/freedesktop/ModemManager1")
)

// Modem is a modem of the manager.
type Modem struct {
	api.ModemInfo
	Failed   bool // as without a SIM
	Measured bool // SignalDBm is told as RSSI, not only as quality
}

// NewModem returns a modem in an LTE network.
func NewModem() Modem {
	return Modem{ModemInfo: api.ModemInfo{
		Manufacturer: "Fieldgate", Model: "FG-LTE1", Revision: "01.002",
		// Numbers of test equipment: TAC 00 and network 001-01.
		Operator: "Test Network", Registration: "home", Technology: "LTE", SignalDBm: new(-71),
		IMEI: "004999010640000", IMSI: "001010123456789", ICCID: "8988211000000000001",
		CellID: "01A2B3C4", AreaCode: "0F01", IPAddress: "10.64.0.7",
	}}
}

// Manager is a ModemManager in memory. Its methods are safe for concurrent
// use.
type Manager struct {
	conn *dbus.Conn

	mu     sync.Mutex
	modems map[dbus.ObjectPath]Modem
	next   int
	fault  string // name of a D-Bus error
	stall  chan struct{}
	asked  int
}

// Start connects a manager without modems to a bus.
func Start(address string) (*Manager, error) {
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("modemmanagertest: %w", err)
	}
	m := &Manager{conn: conn, modems: make(map[dbus.ObjectPath]Modem)}
	err = m.export(root, map[string]any{
		"org.freedesktop.DBus.ObjectManager": map[string]any{"GetManagedObjects": m.managed},
	}, func() interfaces { return interfaces{service: {"Version": dbus.MakeVariant("1.20.4")}} })
	if err == nil {
		// The bus may not have seen the end of an earlier manager yet.
		_, err = conn.RequestName(service, dbus.NameFlagAllowReplacement|dbus.NameFlagReplaceExisting)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("modemmanagertest: %w", err)
	}
	return m, nil
}

// Close leaves the bus.
func (m *Manager) Close() error {
	m.Stall(false)
	return m.conn.Close()
}

// Add adds a modem and returns its path.
func (m *Manager) Add(modem Modem) (string, error) {
	m.mu.Lock()
	n := m.next
	m.next++
	path := numbered("Modem", n)
	m.modems[path] = modem
	m.mu.Unlock()
	for _, object := range []struct {
		path    dbus.ObjectPath
		methods map[string]any
		show    func(Modem) interfaces
	}{
		{path, map[string]any{service + ".Modem.Location": map[string]any{"GetLocation": func() (map[uint32]dbus.Variant, *dbus.Error) {
			return place(m.get(path)), nil
		}}}, func(modem Modem) interfaces { return modemObject(modem, n) }},
		{numbered("SIM", n), nil, simObject},
		{numbered("Bearer", n), nil, bearerObject},
	} {
		err := m.export(object.path, object.methods, func() interfaces { return object.show(m.get(path)) })
		if err != nil {
			return "", fmt.Errorf("modemmanagertest: %w", err)
		}
	}
	return string(path), nil
}

func numbered(kind string, n int) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf("%s/%s/%d", root, kind, n))
}

// Set changes a modem.
func (m *Manager) Set(path string, modem Modem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.modems[dbus.ObjectPath(path)] = modem
}

// Remove takes a modem away.
func (m *Manager) Remove(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.modems, dbus.ObjectPath(path))
}

func (m *Manager) get(path dbus.ObjectPath) Modem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.modems[path]
}

// Fail makes asking for the modems fail with a D-Bus error of this name;
// empty ends that.
func (m *Manager) Fail(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = name
}

// Stall makes whoever asks for the modems wait until Stall(false).
func (m *Manager) Stall(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stall != nil {
		close(m.stall)
		m.stall = nil
	}
	if on {
		m.stall = make(chan struct{})
	}
}

// Calls returns how often the modems were asked for.
func (m *Manager) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// managed is GetManagedObjects. SIM and bearers are no part of it.
func (m *Manager) managed() (map[dbus.ObjectPath]interfaces, *dbus.Error) {
	m.mu.Lock()
	m.asked++
	stall := m.stall
	m.mu.Unlock()
	if stall != nil {
		<-stall
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != "" {
		return nil, dbus.NewError(m.fault, []any{"told to fail"})
	}
	all := make(map[dbus.ObjectPath]interfaces, len(m.modems))
	for path, modem := range m.modems {
		var n int
		_, _ = fmt.Sscanf(string(path), string(root)+"/Modem/%d", &n)
		all[path] = modemObject(modem, n)
	}
	return all, nil
}

// export puts an object on the bus: methods by interface, and its properties.
func (m *Manager) export(path dbus.ObjectPath, methods map[string]any, show func() interfaces) error {
	for iface, table := range methods {
		if err := m.conn.ExportMethodTable(table.(map[string]any), path, iface); err != nil {
			return err
		}
	}
	return m.conn.ExportMethodTable(map[string]any{
		"GetAll": func(iface string) (map[string]dbus.Variant, *dbus.Error) {
			return show()[iface], nil
		},
		"Get": func(iface, name string) (dbus.Variant, *dbus.Error) {
			value, ok := show()[iface][name]
			if !ok {
				return value, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{name})
			}
			return value, nil
		},
	}, path, "org.freedesktop.DBus.Properties")
}

// String shows the state: a line per modem, then the faults.
func (m *Manager) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(m.modems)) {
		modem := m.modems[path]
		fmt.Fprintf(&b, "%s: %s %s, IMEI %s, %s", path, modem.Manufacturer, modem.Model, modem.IMEI, modem.Registration)
		if modem.Failed {
			b.WriteString(", failed")
		}
		b.WriteString("\n")
	}
	if m.fault != "" {
		fmt.Fprintf(&b, "fails: %s\n", m.fault)
	}
	if m.stall != nil {
		b.WriteString("stalls\n")
	}
	return b.String()
}
