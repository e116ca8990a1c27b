package modemmanagertest

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

type interfaces = map[string]map[string]dbus.Variant

// variants makes properties of plain values.
func variants(values map[string]any) map[string]dbus.Variant {
	all := make(map[string]dbus.Variant, len(values))
	for name, value := range values {
		all[name] = dbus.MakeVariant(value)
	}
	return all
}

// technologyBits are those of MMModemAccessTechnology.
var technologyBits = map[string]uint32{
	"GSM": 1 << 1, "GPRS": 1 << 3, "EDGE": 1 << 4, "UMTS": 1 << 5, "HSDPA": 1 << 6, "HSUPA": 1 << 7, "HSPA": 1 << 8,
	"HSPA+": 1 << 9, "LTE": 1 << 14, "NR": 1 << 15, "LTE+NR": 1<<14 | 1<<15, "LTE-M": 1 << 16, "NB-IoT": 1 << 17,
}

// quality is (ub): percent, and whether it is recent.
type quality struct {
	Percent uint32
	Recent  bool
}

// port is (su): name and type.
type port struct {
	Name string
	Type uint32
}

// modes is (uu): allowed and preferred.
type modes struct{ Allowed, Preferred uint32 }

func modemObject(m Modem, n int) interfaces {
	const (
		failed, registered, connected = int32(-1), int32(8), int32(11)
		simMissing                    = uint32(2)
		unlocked                      = uint32(1)
		powerOn                       = uint32(3)
		lte                           = uint32(8)
		anyMode                       = 1<<3 | 1<<2 | 1<<1
		at                            = uint32(3)
		ipv4                          = uint32(1)
	)
	state, reason := registered, uint32(0)
	sim, bearers := numbered("SIM", n), []dbus.ObjectPath{}
	if m.IPAddress != "" {
		state, bearers = connected, append(bearers, numbered("Bearer", n))
	}
	if m.ICCID == "" {
		sim = "/"
	}
	if m.Failed {
		state, reason = failed, simMissing
	}
	var q quality
	var rssi map[string]dbus.Variant
	if m.SignalDBm != nil {
		part := float64(min(max(-113, *m.SignalDBm), -51)+113) / (113 - 51)
		q = quality{uint32(math.Round(100 * part)), true}
		if m.Measured {
			rssi = variants(map[string]any{"rssi": float64(*m.SignalDBm)})
		}
	}
	place := uint32(0)
	if m.CellID != "" {
		place = 1
	}
	words := []string{"not registered", "home", "searching", "denied", "unknown", "roaming"}
	operatorCode := ""
	if m.Operator != "" {
		operatorCode = "00101"
	}
	name := m.Operator
	if strings.Trim(name, "0123456789") == "" {
		name, operatorCode = "", m.Operator
	}
	none := map[string]dbus.Variant{}
	if rssi == nil {
		rssi = none
	}
	return interfaces{
		service + ".Modem": variants(map[string]any{
			"Sim": sim, "SimSlots": []dbus.ObjectPath{}, "PrimarySimSlot": uint32(0), "Bearers": bearers,
			"SupportedCapabilities": []uint32{lte}, "CurrentCapabilities": lte, "MaxBearers": uint32(1), "MaxActiveBearers": uint32(1),
			"Manufacturer": m.Manufacturer, "Model": m.Model, "Revision": m.Revision, "HardwareRevision": "1",
			"CarrierConfiguration": "", "CarrierConfigurationRevision": "", "DeviceIdentifier": "fieldgate", "Device": "/sys/devices/fieldgate",
			"Drivers": []string{"option"}, "Plugin": "generic", "PrimaryPort": "ttyUSB2", "Ports": []port{{"ttyUSB2", at}},
			"EquipmentIdentifier": m.IMEI, "UnlockRequired": unlocked, "UnlockRetries": map[uint32]uint32{},
			"State": state, "StateFailedReason": reason, "AccessTechnologies": technologyBits[m.Technology], "SignalQuality": q,
			"OwnNumbers": []string{}, "PowerState": powerOn, "SupportedModes": []modes{{anyMode, 0}}, "CurrentModes": modes{anyMode, 0},
			"SupportedBands": []uint32{}, "CurrentBands": []uint32{}, "SupportedIpFamilies": ipv4,
		}),
		service + ".Modem.Modem3gpp": variants(map[string]any{
			"Imei": m.IMEI, "RegistrationState": uint32(max(0, slices.Index(words, m.Registration))),
			"OperatorCode": operatorCode, "OperatorName": name, "EnabledFacilityLocks": uint32(0), "SubscriptionState": uint32(0),
			"EpsUeModeOperation": uint32(0), "InitialEpsBearer": dbus.ObjectPath("/"), "InitialEpsBearerSettings": none,
		}),
		service + ".Modem.Signal": variants(map[string]any{
			"Rate": uint32(10), "Lte": rssi, "Cdma": none, "Evdo": none, "Gsm": none, "Umts": none, "Nr5g": none,
		}),
		service + ".Modem.Location": variants(map[string]any{
			"Capabilities": uint32(1), "SupportedAssistanceData": uint32(0), "Enabled": place, "SignalsLocation": false,
			"Location": map[uint32]dbus.Variant{}, "SuplServer": "", "AssistanceDataServers": []string{}, "GpsRefreshRate": uint32(30),
		}),
	}
}

// place is what GetLocation gives: "MCC,MNC,LAC,CI,TAC".
func place(m Modem) map[uint32]dbus.Variant {
	if m.CellID == "" {
		return map[uint32]dbus.Variant{}
	}
	area := "0," + m.CellID + "," + m.AreaCode
	if !slices.Contains([]string{"LTE", "NR", "LTE+NR", "LTE-M", "NB-IoT"}, m.Technology) {
		area = m.AreaCode + "," + m.CellID + ",0"
	}
	return map[uint32]dbus.Variant{1: dbus.MakeVariant("001,01," + area)}
}

func simObject(m Modem) interfaces {
	return interfaces{service + ".Sim": variants(map[string]any{
		"Active": true, "SimIdentifier": m.ICCID, "Imsi": m.IMSI, "Eid": "", "OperatorIdentifier": "00101", "OperatorName": "",
		"EmergencyNumbers": []string{},
	})}
}

func bearerObject(m Modem) interfaces {
	none := map[string]dbus.Variant{}
	v4, v6 := none, none
	if address, err := netip.ParseAddr(m.IPAddress); err == nil {
		const static = uint32(2)
		config := func(prefix int) map[string]dbus.Variant {
			return variants(map[string]any{"method": static, "address": m.IPAddress, "prefix": uint32(prefix)})
		}
		if address.Is4() {
			v4 = config(30)
		} else {
			v6 = config(64)
		}
	}
	return interfaces{service + ".Bearer": variants(map[string]any{
		"Interface": "wwan0", "Connected": m.IPAddress != "", "Suspended": false, "Multiplexed": false, "Ip4Config": v4, "Ip6Config": v6,
		"Stats": none, "IpTimeout": uint32(20), "BearerType": uint32(1), "Properties": none,
	})}
}
