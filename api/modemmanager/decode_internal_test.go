package modemmanager

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/api"
)

func TestTechnology(t *testing.T) {
	for bits, want := range map[uint32]string{
		0: "", 1: "", 1 << 1: "GSM", 1 << 2: "GSM", 1<<3 | 1<<1: "GPRS", 1 << 4: "EDGE", 1 << 5: "UMTS", 1<<6 | 1<<7: "HSUPA", 1 << 8: "HSPA",
		1<<9 | 1<<8: "HSPA+", 1 << 10: "CDMA2000 1x", 1 << 12: "EV-DO", 1 << 14: "LTE", 1 << 15: "NR", 1<<14 | 1<<15: "LTE+NR",
		1 << 16: "LTE-M", 1 << 17: "NB-IoT", 1 << 30: "",
	} {
		assert.Equal(t, want, technology(bits), "%b", bits)
	}
}

func signal(values map[string]map[string]any, quality any) interfaces {
	measured := properties{}
	for technology, numbers := range values {
		all := map[string]dbus.Variant{}
		for name, v := range numbers {
			all[name] = dbus.MakeVariant(v)
		}
		measured[technology] = dbus.MakeVariant(all)
	}
	return interfaces{
		modemInterface:  {"SignalQuality": dbus.MakeVariant(quality)},
		signalInterface: measured,
	}
}

func TestDecodeSignal(t *testing.T) {
	percent := func(n uint32) []any { return []any{n, true} }
	for name, c := range map[string]struct {
		modem interfaces
		want  *int
	}{
		"quality":     {signal(nil, percent(68)), new(-71)},
		"strongest":   {signal(nil, percent(100)), new(-51)},
		"weakest":     {signal(nil, percent(1)), new(-112)},
		"none":        {signal(nil, percent(0)), nil},
		"too_much":    {signal(nil, percent(101)), nil},
		"odd_type":    {signal(nil, "68"), nil},
		"odd_count":   {signal(nil, []any{uint32(68)}), nil},
		"odd_number":  {signal(nil, []any{int32(68), true}), nil},
		"rssi":        {signal(map[string]map[string]any{"Lte": {"rssi": -97.4, "rsrp": -120.0}}, percent(68)), new(-97)},
		"rsrp":        {signal(map[string]map[string]any{"Nr5g": {"rsrp": -101.5}}, percent(68)), new(-102)},
		"both":        {signal(map[string]map[string]any{"Nr5g": {"rsrp": -101.5}, "Lte": {"rssi": -80.0}}, percent(68)), new(-80)},
		"unknown":     {signal(map[string]map[string]any{"Lte": {"rssi": -9999.0}}, percent(68)), new(-71)},
		"text":        {signal(map[string]map[string]any{"Lte": {"rssi": "-80"}}, percent(68)), new(-71)},
		"nothing":     {interfaces{}, nil},
		"umts_rscp":   {signal(map[string]map[string]any{"Umts": {"rscp": -90.0}}, percent(0)), new(-90)},
		"no_property": {interfaces{modemInterface: {}}, nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, decodeSignal(c.modem)) })
	}
}

func TestDecodePlace(t *testing.T) {
	for text, want := range map[string]api.ModemInfo{
		"262,02,00C3,0001a2d0,0": {CellID: "0001A2D0", AreaCode: "00C3"}, "262,02,FFFE,01A2D00F,0F01": {CellID: "01A2D00F", AreaCode: "0F01"},
		"262,02,0,01A2D00F,0F01": {CellID: "01A2D00F", AreaCode: "0F01"}, "262,02,00C3,1A2D": {CellID: "1A2D", AreaCode: "00C3"},
		"": {}, ",,,,": {}, "262,02": {}, "262,02,xyz,../..,<b>": {},
	} {
		var info api.ModemInfo
		decodePlace(map[uint32]dbus.Variant{placeOfCell: dbus.MakeVariant(text)}, &info)
		assert.Equal(t, want, info, text)
	}
	var info api.ModemInfo
	decodePlace(map[uint32]dbus.Variant{2: dbus.MakeVariant("262,02,1,1,1"), placeOfCell: dbus.MakeVariant(7)}, &info)
	assert.Equal(t, api.ModemInfo{}, info)
}

// A property of another type, or a text that nobody can read, is missing.
func TestDecodeOddProperties(t *testing.T) {
	odd := interfaces{
		modemInterface: {
			"Manufacturer": dbus.MakeVariant(7), "Model": dbus.MakeVariant("a\x00b"), "Revision": dbus.MakeVariant("  1.0 \r\n[build 7]\n"),
			"EquipmentIdentifier": dbus.MakeVariant("0x80ABCDEF"), "AccessTechnologies": dbus.MakeVariant("lte"),
		},
		radioInterface: {"RegistrationState": dbus.MakeVariant(uint32(99)), "OperatorName": dbus.MakeVariant("\xff\xfe"), "OperatorCode": dbus.MakeVariant("26201")},
	}
	assert.Equal(t, api.ModemInfo{Revision: "1.0", Operator: "26201"}, decodeModem(odd))
	assert.Equal(t, api.ModemInfo{}, decodeModem(nil))

	var info api.ModemInfo
	decodeSIM(properties{"Imsi": dbus.MakeVariant("12"), "SimIdentifier": dbus.MakeVariant("8988211000000000001F")}, &info)
	assert.Equal(t, api.ModemInfo{ICCID: "8988211000000000001"}, info)
	decodeSIM(nil, &info)
	assert.Equal(t, "8988211000000000001", info.ICCID)
}

func TestDecodeBearer(t *testing.T) {
	config := func(address string) dbus.Variant {
		return dbus.MakeVariant(map[string]dbus.Variant{"address": dbus.MakeVariant(address)})
	}
	up := dbus.MakeVariant(true)
	for want, bearer := range map[string]properties{
		"10.64.0.7":   {"Connected": up, "Ip4Config": config("10.64.0.7"), "Ip6Config": config("2001:db8::1")},
		"2001:db8::1": {"Connected": up, "Ip4Config": config(""), "Ip6Config": config("2001:db8::1")},
		"fe80::1":     {"Connected": up, "Ip6Config": config("fe80::1%wwan0")},
		"":            {"Ip4Config": config("10.64.0.7")},
	} {
		assert.Equal(t, want, decodeBearer(bearer))
	}
	assert.Empty(t, decodeBearer(properties{"Connected": up, "Ip4Config": config("0.0.0.0")}))
	assert.Empty(t, decodeBearer(nil))
}
