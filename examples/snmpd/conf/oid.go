package conf

import (
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
)

// parseOID reads an identifier by numbers, such as .1.3.6.1, or with the names
// that people write without a MIB at hand: .iso.org.dod.internet.mgmt.mib-2,
// or system.1.
func parseOID(text string) (snmp.OID, bool) {
	parts := strings.Split(strings.TrimPrefix(text, "."), ".")
	if start := wellKnown(parts[0]); start != "" {
		parts[0] = start
	}
	for i, part := range parts {
		if arc := arcName(part); i > 0 && arc != "" {
			parts[i] = arc
		}
	}
	o, err := snmp.ParseOID(strings.Join(parts, "."))
	return o, err == nil && len(o) > 0
}

// wellKnown is the identifier of a name that may begin one.
func wellKnown(name string) string {
	switch name {
	case "iso":
		return "1"
	case "internet":
		return "1.3.6.1"
	case "mib-2":
		return "1.3.6.1.2.1"
	case "system":
		return "1.3.6.1.2.1.1"
	case "interfaces":
		return "1.3.6.1.2.1.2"
	case "enterprises":
		return "1.3.6.1.4.1"
	}
	return ""
}

// arcName is the arc of a name on the way down from iso.
func arcName(name string) string {
	switch name {
	case "org":
		return "3"
	case "dod":
		return "6"
	case "internet", "mib-2", "enterprises", "system":
		return "1"
	case "mgmt", "interfaces":
		return "2"
	case "private":
		return "4"
	}
	return ""
}
