package modemmanager

import (
	"math"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/godbus/dbus/v5"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/internal/cellular"
)

// technologies are the words for the bits of MMModemAccessTechnology, the
// one that tells most first.
var technologies = [...]struct {
	bit  int
	word string
}{
	{15, cellular.NR}, {14, cellular.LTE}, {16, cellular.LTEM}, {17, cellular.NBIoT}, {9, cellular.HSPAp}, {8, cellular.HSPA},
	{7, cellular.HSUPA}, {6, cellular.HSDPA}, {5, cellular.UMTS}, {4, cellular.EDGE}, {3, cellular.GPRS}, {2, cellular.GSM},
	{1, cellular.GSM}, {13, cellular.EVDO}, {12, cellular.EVDO}, {11, cellular.EVDO}, {10, cellular.CDMA1x},
}

func technology(bits uint32) string {
	has := func(bit int) bool { return bits>>bit&1 != 0 }
	if has(14) && has(15) {
		return cellular.LTENR
	}
	for _, t := range technologies {
		if has(t.bit) {
			return t.word
		}
	}
	return ""
}

// decodeModem reads the interfaces of the modem's object.
func decodeModem(modem interfaces) api.ModemInfo {
	general, radio := modem[modemInterface], modem[radioInterface]
	info := api.ModemInfo{
		Manufacturer: text(general, "Manufacturer"),
		Model:        text(general, "Model"),
		Revision:     firstLine(text(general, "Revision")),
		IMEI:         imei(modem),
		Technology:   technology(value[uint32](general, "AccessTechnologies")),
		Operator:     text(radio, "OperatorName"),
	}
	if info.Operator == "" {
		info.Operator = text(radio, "OperatorCode")
	}
	if _, told := radio["RegistrationState"]; told {
		info.Registration = cellular.Registration(uint64(value[uint32](radio, "RegistrationState")))
	}
	info.SignalDBm = decodeSignal(modem)
	return info
}

// imei returns 14 to 16 digits, or nothing: a modem of CDMA has an ESN
// instead.
func imei(modem interfaces) string {
	for _, text := range []string{text(modem[radioInterface], "Imei"), text(modem[modemInterface], "EquipmentIdentifier")} {
		if isDigits(text, 14, 16) {
			return text
		}
	}
	return ""
}

func isDigits(text string, least, most int) bool {
	return least <= len(text) && len(text) <= most && strings.Trim(text, "0123456789") == ""
}

// text returns a property that is a text in one piece of printable
// characters, spaces and line ends.
func text(p properties, name string) string {
	s := strings.TrimSpace(value[string](p, name))
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) && r != '\r' && r != '\n' && r != '\t'
	}) {
		return ""
	}
	return s
}

// firstLine returns the first line: revisions may have several.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, s))
}

// decodeSignal returns the RSSI that is measured, else the RSCP or RSRP, else
// what the quality of the signal stands for.
func decodeSignal(modem interfaces) *int {
	for _, name := range []string{"rssi", "rscp", "rsrp"} {
		for _, technology := range []string{"Lte", "Umts", "Gsm", "Evdo", "Cdma", "Nr5g"} {
			measured := value[map[string]dbus.Variant](modem[signalInterface], technology)
			const least, most = -157, -1 // others stand for "not known"
			if dbm, ok := measured[name].Value().(float64); ok && dbm >= least && dbm <= most {
				return new(int(math.Round(dbm)))
			}
		}
	}
	quality := value[[]any](modem[modemInterface], "SignalQuality")
	if len(quality) != 2 {
		return nil
	}
	percent, ok := quality[0].(uint32)
	if !ok || percent == 0 || percent > 100 { // 0: not in a network, or not known
		return nil
	}
	const weakest, strongest = -113, -51
	return new(weakest + int(math.Round(float64(percent)*(strongest-weakest)/100)))
}

// decodeSIM reads the interface of a SIM.
func decodeSIM(sim properties, info *api.ModemInfo) {
	if imsi := text(sim, "Imsi"); isDigits(imsi, 6, 15) {
		info.IMSI = imsi
	}
	if iccid := strings.TrimRight(text(sim, "SimIdentifier"), "Ff"); isDigits(iccid, 18, 22) {
		info.ICCID = iccid
	}
}

// decodeBearer returns the address of a connection that stands, IPv4 before
// IPv6. With DHCP or PPP ModemManager does not know it.
func decodeBearer(bearer properties) string {
	if !value[bool](bearer, "Connected") {
		return ""
	}
	for _, family := range []string{"Ip4Config", "Ip6Config"} {
		config := value[map[string]dbus.Variant](bearer, family)
		address, err := netip.ParseAddr(value[string](config, "address"))
		if err == nil && !address.IsUnspecified() {
			return address.WithZone("").String()
		}
	}
	return ""
}

// placeOfCell is the bit of MMModemLocationSource for the cell.
const placeOfCell = 1 << 0

// decodePlace reads the place of the cell: "MCC,MNC,LAC,CI,TAC", of which LAC
// or TAC is empty or 0 (FFFE in older versions) where the technology has none.
func decodePlace(place map[uint32]dbus.Variant, info *api.ModemInfo) {
	s, _ := place[placeOfCell].Value().(string)
	parts := strings.Split(s, ",")
	if len(parts) < 4 {
		return
	}
	info.CellID = cellular.Number(parts[3])
	if len(parts) > 4 {
		info.AreaCode = cellular.Number(parts[4])
	}
	if info.AreaCode == "" {
		info.AreaCode = cellular.Number(parts[2])
	}
}
