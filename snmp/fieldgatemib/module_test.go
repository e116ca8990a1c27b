package fieldgatemib_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// mib is what the text of a module defines.
type mib struct {
	root          snmp.OID
	names         map[string]snmp.OID
	objects       []object            // that can be read
	notifications map[string][]string // objects by name
}

type object struct {
	name, syntax string
	oid          snmp.OID
}

var (
	definition = regexp.MustCompile(`(?ms)^(\w+)\s+(OBJECT IDENTIFIER|OBJECT-TYPE|NOTIFICATION-TYPE|MODULE-IDENTITY)(.*?)::= \{ (.*?) \}$`)
	syntaxOf   = regexp.MustCompile(`(?s)SYNTAX\s+(\w+)`)
	objectsOf  = regexp.MustCompile(`(?s)OBJECTS\s+\{(.*?)\}`)
	inBrackets = regexp.MustCompile(`\w+\((\d+)\)`)
)

func parseMIB(t testing.TB, text string) mib {
	t.Helper()
	m := mib{
		names:         map[string]snmp.OID{"enterprises": snmp.MustParseOID(".1.3.6.1.4.1")},
		notifications: make(map[string][]string),
	}
	_, text, _ = strings.Cut(text, ";") // behind the imports
	for _, d := range definition.FindAllStringSubmatch(text, -1) {
		name, kind, body := d[1], d[2], d[3]
		place := strings.Fields(inBrackets.ReplaceAllString(d[4], "$1"))
		oid, ok := m.names[place[0]]
		require.True(t, ok, "%s is below %s, which is not defined", name, place[0])
		for _, arc := range place[1:] {
			n, err := strconv.ParseUint(arc, 10, 32)
			require.NoError(t, err)
			oid = oid.Append(uint32(n))
		}
		m.names[name] = oid
		switch {
		case kind == "MODULE-IDENTITY":
			m.root = oid
		case kind == "OBJECT-TYPE" && strings.Contains(body, "read-only"):
			m.objects = append(m.objects, object{name, syntaxOf.FindStringSubmatch(body)[1], oid})
		case kind == "NOTIFICATION-TYPE":
			m.notifications[name] = strings.FieldsFunc(objectsOf.FindStringSubmatch(body)[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
		}
	}
	return m
}

// What the module has is what is served, with its types.
func TestModuleIsWhatIsServed(t *testing.T) {
	h := newHandler(t, newGateway().options())
	m := parseMIB(t, h.MIB())
	require.Equal(t, h.Root(), m.root)
	kinds := map[string]snmp.Kind{
		"FieldgateText": snmp.KindOctetString, "INTEGER": snmp.KindInteger, "Integer32": snmp.KindInteger,
		"Counter64": snmp.KindCounter64, "Gauge32": snmp.KindGauge32, "TimeTicks": snmp.KindTimeTicks,
	}
	served := make(map[string]bool)
	for b, ok := h.Next(nil); ok; b, ok = h.Next(b.OID) {
		i := slices.IndexFunc(m.objects, func(o object) bool { return b.OID.HasPrefix(o.oid) })
		if assert.GreaterOrEqual(t, i, 0, "%v is not in the module", b.OID) {
			served[m.objects[i].name] = true
			assert.Equal(t, kinds[m.objects[i].syntax], b.Value.Kind(), "%s", m.objects[i].name)
		}
	}
	for _, o := range m.objects {
		assert.True(t, served[o.name], "%s is not served", o.name)
	}
	assert.Len(t, m.objects, 36)
	assert.Len(t, m.notifications, 8)
}
