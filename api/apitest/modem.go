package apitest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// Modem is an [api.Modem] in memory. The zero value is a modem that tells
// nothing; one from [NewModem] is in a network, with a signal that moves. Its
// methods are safe for concurrent use.
type Modem struct {
	control
	info api.ModemInfo
	born time.Time // of a living one
}

// NewModem returns a modem in an LTE network whose signal moves by 8 dB in
// two minutes.
func NewModem() *Modem {
	return &Modem{
		born: time.Now(),
		info: api.ModemInfo{
			Manufacturer: "Simulated", Model: "SIM-4G", Revision: "1.0",
			Operator: "Test Network", Registration: "home", Technology: "LTE",
			SignalDBm: new(-71),
			// Numbers of test equipment: TAC 00 and network 001-01.
			IMEI: "004999010640000", IMSI: "001010123456789", ICCID: "8988211000000000001",
			CellID: "1A2B3C", AreaCode: "0F01", IPAddress: "10.64.0.7",
		},
	}
}

// Set makes info the answer from now on, exactly as it is.
func (m *Modem) Set(info api.ModemInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.info, m.born = info, time.Time{}
}

// ModemInfo implements [api.Modem].
func (m *Modem) ModemInfo(ctx context.Context) (api.ModemInfo, error) {
	if err := m.enter(ctx, "modem"); err != nil {
		return api.ModemInfo{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now(), nil
}

// now returns the facts of this moment; mu is held.
func (m *Modem) now() api.ModemInfo {
	info := m.info
	if info.SignalDBm != nil {
		signal := *info.SignalDBm
		if !m.born.IsZero() {
			swing := math.Sin(2 * math.Pi * time.Since(m.born).Minutes() / 2)
			signal += int(math.Round(4 * swing))
		}
		info.SignalDBm = &signal // the caller's own
	}
	return info
}

// String shows the state: one line per known fact, then the faults.
func (m *Modem) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	info := m.now()
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("manufacturer", info.Manufacturer)
	line("model", info.Model)
	line("revision", info.Revision)
	line("operator", info.Operator)
	line("registration", info.Registration)
	line("technology", info.Technology)
	if info.SignalDBm != nil {
		line("signal", fmt.Sprintf("%d dBm", *info.SignalDBm))
	}
	line("imei", info.IMEI)
	line("imsi", info.IMSI)
	line("iccid", info.ICCID)
	line("cell", info.CellID)
	line("area", info.AreaCode)
	line("ip address", info.IPAddress)
	m.faults(&b)
	return b.String()
}
