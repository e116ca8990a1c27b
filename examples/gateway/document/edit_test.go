package document

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// store keeps secrets as confstore does: those that it was asked to.
type store map[string]Secret

func (s store) refer(_ string, secret Secret) string {
	for name, known := range s {
		if known == secret {
			return Reference(name).Reveal()
		}
	}
	name := fmt.Sprint("n", len(s))
	s[name] = secret
	return Reference(name).Reveal()
}

func (s store) lookup(name string) (Secret, bool) {
	secret, known := s[name]
	return secret, known
}

// mustEdit wants a text that means now, and returns it.
func mustEdit(t *testing.T, s store, text []byte, was, now Document) string {
	t.Helper()
	out, ok := Edit(text, was, now, s.refer, s.lookup)
	require.True(t, ok, "%s", text)
	require.True(t, Means(out, now, s.lookup), "%s", out)
	return string(out)
}

func TestEditChangesNothingElse(t *testing.T) {
	doc, text := first(t)
	secrets := store{}
	now := doc
	now.Web.Listen = ":80"
	now.API.Keys = append(now.API.Keys[:1:1], now.API.Keys[0])
	now.API.Keys[1].Name = "second"
	out := mustEdit(t, secrets, text, doc, now)
	before := strings.Split(string(text), "\n")
	for _, line := range strings.Split(out, "\n") {
		switch {
		case len(before) > 0 && line == before[0]:
			before = before[1:]
		case strings.HasPrefix(line, "  listen: :80"):
			assert.Equal(t, "  listen: :80 # this host only; :8080 = every address", line)
			before = before[1:]
		default: // of the key that has come
			assert.Regexp(t, `^    (- name: second|  [a-z]+: .*)$`, line)
		}
	}
	assert.Empty(t, before)
	assert.Contains(t, out, "    - name: second\n      hash: secret:")
	assert.Equal(t, string(text), mustEdit(t, secrets, text, doc, doc), "nothing has changed")
}

func ports(names ...string) (all []ser2net.PortConfig) {
	for _, name := range names {
		all = append(all, ser2net.PortConfig{Name: name, Listen: ":1", Device: "/dev/ttyS0"})
	}
	return all
}

// Comments and blanks stay with the record that they are of.
func TestEditOfRecords(t *testing.T) {
	const text = `ser2net:
  enabled: true

  ports: # of the house
    # the first
    - name: a # one

      listen: ":1"
      device: /dev/ttyS0

    # the second
    - {name: b, listen: ":1", device: /dev/ttyS0} # two
    # the third
    - name: c
      listen: ":1"
      device: /dev/ttyS0
    # no more

# the agent
snmp: {enabled: false}
`
	was, faults := Parse([]byte(text))
	require.Empty(t, faults)
	for name, c := range map[string]struct {
		ports []ser2net.PortConfig
		gone  []string // lines that are there no more
		more  string   // what comes
	}{
		"the_second_goes": {ports("a", "c"), []string{"    - {name: b, listen: \":1\", device: /dev/ttyS0} # two\n"}, ""},
		"the_first_goes":  {ports("b", "c"), []string{"    - name: a # one\n\n      listen: \":1\"\n      device: /dev/ttyS0\n"}, ""},
		"one_comes":       {ports("a", "b", "c", "d"), nil, "      device: /dev/ttyS0\n    - name: d\n"},
		"one_between":     {ports("a", "x", "b", "c"), nil, "      device: /dev/ttyS0\n    - name: x\n"},
		"one_before":      {ports("x", "a", "b", "c"), nil, "    # the first\n    - name: x\n"},
		"another_name":    {ports("a", "x", "c"), []string{"{name: b,"}, "    # the second\n    - {name: x, listen: \":1\", device: /dev/ttyS0,"},
	} {
		t.Run(name, func(t *testing.T) {
			now := was
			now.Ser2net.Ports = c.ports
			out := mustEdit(t, store{}, []byte(text), was, now)
			for _, gone := range c.gone {
				assert.NotContains(t, out, gone)
			}
			assert.Contains(t, out, c.more)
			for _, comment := range []string{"# of the house\n", "    # the first\n", "    # the second\n", "    # the third\n", "    # no more\n\n# the agent\nsnmp: {enabled: false}\n"} {
				assert.Contains(t, out, comment)
			}
			if len(c.gone) == 0 {
				for _, line := range strings.SplitAfter(text, "\n") {
					assert.Contains(t, out, line)
				}
			}
		})
	}
}

func TestEditOfSections(t *testing.T) {
	was := Default()
	was.Web.Listen = ":80"
	for _, text := range []string{"web: {listen: ':80'}\n", "web:\n    listen: ':80' # here\n", "# all\nweb:\n  listen: :80\n"} {
		secrets := store{}
		now := was
		now.SNMP.Communities = []snmp.Community{{Community: snmp.NewSecret("winter-river")}}
		now.Web.TLS = TLSOff
		now.Ser2net.Ports = ports("a")
		out := mustEdit(t, secrets, []byte(text), was, now)
		assert.NotContains(t, out, "winter-river")
		next := now
		next.Ser2net.Ports = ports("a", "b")
		next.Telemetry.Destinations = []telemetry.Destination{{Host: "h", Port: 1}}
		next.SNMP.Communities = append([]snmp.Community{{Community: snmp.NewSecret("summer-river")}}, now.SNMP.Communities...)
		out = mustEdit(t, secrets, []byte(out), now, next)
		last := next
		last.Ser2net.Ports, last.SNMP.Communities, last.Web.CertFile = nil, nil, "/c"
		out = mustEdit(t, secrets, []byte(out), next, last)
		assert.Contains(t, out, "ports: []")
	}
}

// What comes in at the same place stands in the order of YAML, not of the
// struct.
func TestEditAtOnePlace(t *testing.T) {
	const text = "ser2net:\n  ports:\n    - {name: a, listen: ':1', device: /dev/ttyS0}\n"
	was, faults := Parse([]byte(text))
	require.Empty(t, faults)
	now := was
	now.Ser2net.Enabled, now.Device.Serial = true, "s" // both stand before ports in the struct
	now.Ser2net.Ports = append(ports("a"), ports("b")...)
	out := mustEdit(t, store{}, []byte(text), was, now)
	assert.Regexp(t, `(?s)^ser2net:\n  ports:\n    - .*    - name: b\n.*  enabled: true\ndevice:\n`, out)

	last := now
	last.Ser2net.Ports, last.Ser2net.Enabled = append(ports("a", "b"), ports("c")...), false
	out = mustEdit(t, store{}, []byte(out), now, last)
	assert.Regexp(t, `(?s)    - name: c\n.*  enabled: false\ndevice:\n`, out)
}

// Lines end as they did; the last one gets an end.
func TestEditKeepsTheEndsOfLines(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"windows":     {"device:\r\n  model: a # b\r\n\r\n# c\r\n", "device:\r\n  model: x # b\r\n\r\n# c\r\n"},
		"no end":      {"device:\n  model: a # b", "device:\n  model: x # b\n"},
		"both":        {"device:\r\n  model: a # b", "device:\r\n  model: x # b\r\n"},
		"of a block":  {"device:\n  model: a\n  serial: |\n    b", ""},
		"some so":     {"device:\r\n  model: a\n", ""},
		"old systems": {"device:\r  model: a\r", ""},
	} {
		t.Run(name, func(t *testing.T) {
			was := Default()
			require.NoError(t, yaml.Load([]byte(c.text), &was, yaml.WithKnownFields()))
			nilEmptyLists(&was)
			now := was
			now.Device.Model = "x"
			out, ok := Edit([]byte(c.text), was, now, store{}.refer, store{}.lookup)
			require.Equal(t, c.want != "", ok, "%q", out)
			if ok {
				assert.Equal(t, c.want, string(out))
				assert.True(t, Means(out, now, store{}.lookup))
			}
		})
	}
}

// What cannot be done for certain is left to Dump.
func TestEditRefuses(t *testing.T) {
	was := Default()
	was.Web.Listen = ":80"
	now := was
	now.Web.TLS = TLSOff
	for _, text := range []string{"", "web: {\nlisten: ':80'}\n", "---\nweb: {listen: ':80'}\n", "web: {listen: &a ':80'}\n"} {
		_, ok := Edit([]byte(text), was, now, store{}.refer, store{}.lookup)
		assert.False(t, ok, text)
	}
}

// Whatever is done to a document, one step after the other, the text means it.
func TestEditOfManySteps(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			doc, text := first(t)
			secrets := store{}
			const steps = 30
			edited := 0
			for range steps {
				now := doc
				for range 1 + random.IntN(3) {
					step(t, random, &now)
				}
				next, ok := Edit(text, doc, now, secrets.refer, secrets.lookup)
				if ok {
					edited++
				} else {
					var err error
					next, err = Dump(now, text, secrets.refer)
					require.NoError(t, err)
				}
				require.True(t, Means(next, now, secrets.lookup), "%t: %s", ok, next)
				text, doc = next, now
			}
			assert.GreaterOrEqual(t, edited, steps*9/10)
			assert.Contains(t, string(text), "# Who the device is. Empty texts: what the hardware and the system say.\n")
		})
	}
}

// step changes something.
func step(t *testing.T, random *rand.Rand, doc *Document) {
	t.Helper()
	word := func() string {
		return []string{"", "a", "two words", "# no comment", "- x", "a: b", "1", "true", "ä\nö\n", "'q\"", "[x]", " - y\n    - z", "null", "\ttab", "x\n\n", "{", "&a", "|"}[random.IntN(18)]
	}
	switch random.IntN(8) {
	case 0:
		doc.Device.Model, doc.Device.Serial = word(), word()
		return
	case 1:
		doc.Web.CertFile = word()
		doc.Telemetry.Enabled = !doc.Telemetry.Enabled
		return
	case 2:
		doc.Points.Redis.Password = snmp.NewSecret(word())
		return
	}
	path := []string{
		"ipsec.connections", "ipsec.phase1_proposals", "openvpn.instances", "ser2net.ports", "snmp.communities", "snmp.users", "api.keys", "telemetry.destinations",
	}[random.IntN(8)]
	list, err := doc.List(path)
	require.NoError(t, err)
	at := 0
	if list.Len() == 0 || random.IntN(3) == 0 {
		at = list.Add(nil)
	} else if at = random.IntN(list.Len()); random.IntN(3) == 0 {
		list.Remove(at)
		return
	}
	switch r := list.Record(at).(type) {
	case *ipsec.Connection:
		r.Name, r.PreSharedKey, r.LocalSubnets = word(), snmp.NewSecret(word()), ipsec.Subnets{"10.0.0.0/8"}
	case *openvpn.Instance:
		r.Name, r.Options = word(), []openvpn.Option{{Name: word(), Args: []string{word(), word()}}}
		r.Files = map[openvpn.FileKind]string{openvpn.FileCA: word()}
	case *ser2net.PortConfig:
		r.Name, r.Device = word(), word()
	case *snmp.Community:
		r.Community = snmp.NewSecret(word())
	}
}

// However a text is written that people may have typed: an edited one means
// what it is to mean, and its other lines are there as they were.
func FuzzEdit(f *testing.F) {
	f.Add([]byte("ser2net:\n  ports:\n    # a\n    - {name: a, listen: ':1', device: /dev/ttyS0}\n\n    - name: b\n      listen: :2\n      device: /dev/ttyS1\n  # end\n  rotators: []\ndevice:\n  model: 'it''s'\n"), uint64(1))
	f.Add([]byte("web:\n  listen: :80 # here\n\n# next\ndevice: {model: a, serial: \"b # c\"}\ntelemetry:\n  destinations:\n    - host: h\n      port: 1\n"), uint64(2))
	f.Add([]byte("ipsec:\n  phase1_proposals:\n  - {name: p, encryption: aes256, hash: sha256, dh: 14}\n  connections: []\nopenvpn:\n    folder:\n        path: /x\n"), uint64(3))
	f.Add([]byte("device:\n  model: |\n    a\n    b: c\n\n  serial: >-\n    x\n      y\n# z\nsnmp:\n  communities:\n    - community: 'a''b'\n      version: \"v2c\"\n    -\n      community: other-one\n"), uint64(4))
	f.Add([]byte("device:\n  model: one\n    two # three\n  serial: \"x\n    y\"\napi:\n  keys:\n    - name: k\n      # inner\n      endpoints: [version]\n      hash: x\n\n\n"), uint64(5))
	f.Add([]byte("points:\n  redis:\n    devices:\n      - name: a\n        alias: b\n        tags:\n          - {alias: c, name: d}\n"), uint64(6))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		was := Default()
		if len(text) > 4<<10 || yaml.Load(text, &was, yaml.WithKnownFields()) != nil {
			return
		}
		nilEmptyLists(&was)
		secrets := store{}
		for _, s := range SecretsOf(&was) {
			secrets.refer("", *s)
		}
		if len(resolve(&was, secrets.lookup)) > 0 || !Means(text, was, secrets.lookup) {
			return
		}
		now := was
		random := rand.New(rand.NewPCG(seed, 1))
		for range 1 + random.IntN(3) {
			step(t, random, &now)
		}
		text, _ = plainLines(text)
		if !Means(text, was, secrets.lookup) { // a block that ended without a line end has one more now
			return
		}
		out, ok := Edit(text, was, now, secrets.refer, secrets.lookup)
		if !ok {
			return
		}
		require.True(t, Means(out, now, secrets.lookup), "%q\n%q", text, out)
		for _, comment := range commentsOf(text) {
			_, found := slices.BinarySearch(commentsOf(out), comment)
			require.True(t, found, "%q of %q\n%q", comment, text, out)
		}
	})
}

// commentsOf returns the comments that have lines of their own at the top of a
// text, sorted: no value goes on there.
func commentsOf(text []byte) (all []string) {
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}
