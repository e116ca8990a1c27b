package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// question is a request to both daemons: a tool, and its arguments before and
// behind the address.
type question struct {
	tool string
	who  []string
	what []string
	// differ is the answer of ours where it is meant to be another, see
	// differently.
	differ string
}

// differently is a question that ours answers otherwise, for a reason.
func differently(who, what, ours string) []question {
	list := asks(who, what)
	list[0].differ = ours
	return list
}

func asks(who string, list ...string) (all []question) {
	for _, what := range list {
		tool, objects, _ := strings.Cut(what, " ")
		all = append(all, question{tool: tool, who: strings.Fields(who), what: strings.Fields(objects)})
	}
	return all
}

// The same files let the same people do the same: each question is answered
// as snmpd answers it, or is not answered as snmpd does not.
func TestIntegrationSameAccessAsNetSNMP(t *testing.T) {
	peer(t, "snmpd")
	const (
		get       = "snmpget .1.3.6.1.2.1.1.6.0"
		contact   = "snmpget .1.3.6.1.2.1.1.4.0"
		memory    = "snmpget .1.3.6.1.4.1.2021.4.5.0"
		two       = "snmpget .1.3.6.1.2.1.1.6.0 .1.3.6.1.4.1.2021.4.5.0"
		next      = "snmpgetnext .1.3.6.1.2.1.1.5.0"
		nextRow   = "snmpgetnext .1.3.6.1.2.1.2.2.1.2"
		bulk      = "snmpbulkget -Cn0 -Cr3 .1.3.6.1.2.1.1.4"
		absent    = "snmpget .1.3.6.1.2.1.1.6.7"
		set       = "snmpset .1.3.6.1.2.1.1.6.0 s elsewhere"
		setAbsent = "snmpset .1.3.6.1.2.1.1.6.7 s elsewhere"
	)
	const head = "syslocation \"hall 3\" # east\nsyscontact Ops <ops@example.net>\nsysname gateway-7\nsysservices 77\n"
	for name, c := range map[string]struct {
		conf      string
		questions [][]question
	}{
		"communities": {`
rocommunity all
rocommunity near 127.0.0.1
rocommunity net 127.0.0.0/8
rocommunity masked 127.0.0.0/255.0.0.0
rocommunity far 10.0.0.0/8
rocommunity "with blank" default
rocommunity system default .1.3.6.1.2.1.1
rocommunity viewed default -V some
rocommunity nothing default -V undefined
rocommunity near 10.0.0.0/8 .1.3.6.1.2.1.2
rwcommunity change default .1.3.6.1.2.1.1
view some included .1.3.6.1.2.1.1
view some excluded .1.3.6.1.2.1.1.6
view some included .1.3.6.1.4.1.2021.4
`, [][]question{
			asks("-v2c -c all", get, contact, memory, two, next, bulk, absent, set), asks("-v1 -c all", get, memory, two, absent, set, next),
			asks("-v2c -c near", get), asks("-v2c -c net", get), asks("-v2c -c masked", get), asks("-v2c -c far", get), asks("-v2c -c unknown", get),
			{{tool: "snmpget", who: []string{"-v2c", "-c", "with blank"}, what: []string{".1.3.6.1.2.1.1.5.0"}}},
			asks("-v2c -c system", get, memory, two, next), asks("-v1 -c system", two),
			asks("-v2c -c viewed", get, contact, memory, next, bulk), asks("-v1 -c viewed", get, next), asks("-v2c -c nothing", get, next),
			asks("-v2c -c change", get, memory, set),
			// The object cannot be set in any instance (RFC 3416, section 4.2.5, step 2).
			differently("-v2c -c change", setAbsent, "notWritable"),
		}},
		"vacm": {`
com2sec readers 127.0.0.0/8 readers
com2sec writers 127.0.0.1 writers
com2sec nobody 127.0.0.1 nobody
com2sec elsewhere 192.0.2.0/24 readers2
group readers v2c readers
group readers v1 readers
group one v1 writers
group two v2c writers
view all included .1
view part included .1.3.6.1.2.1.1
view part excluded .1.3.6.1.2.1.1.4
view rows included .1.3.6.1.2.1.2.2.1.0.1 ff:a0
access readers "" any noauth exact part none none
access one "" v1 noauth exact all none none
access two "" v2c noauth exact rows none none
`, [][]question{
			asks("-v2c -c readers", get, contact, memory, next, bulk, set), asks("-v1 -c readers", get, contact, memory),
			asks("-v2c -c readers2", get),
			// The community is known, and in no group (RFC 3415, section 3.2, step 2).
			differently("-v2c -c nobody", get, "authorizationError"),
			asks("-v1 -c writers", get, contact), asks("-v2c -c writers", get, nextRow, "snmpget .1.3.6.1.2.1.2.2.1.2.1", "snmpgetnext .1.3.6.1.2.1.2.2.1.2.1"),
		}},
		"tables": {`
rocommunity all
proc nobody-runs-this
proc nor-this 4 1
proc nor-that 4
extend words /bin/echo "a b" c
extend lines /bin/sh -c "echo one; echo; echo three; exit 3"
extend absent /nonexistent/program
extend silent /bin/true
`, [][]question{
			asks("-v2c -c all", "snmpwalk .1.3.6.1.4.1.2021.2", "snmpwalk .1.3.6.1.4.1.8072.1.3"),
		}},
		"users": {`
createUser none
createUser auth SHA-256 longpassword
createUser priv SHA-512 longpassword AES otherpassword
createUser old MD5 "long password" DES
createUser wide SHA-224 longpassword AES-256-C otherpassword
createUser unlisted SHA-256 longpassword
rouser none noauth .1.3.6.1.2.1.1
rouser auth
rouser priv priv -V part
rouser -s usm wide noauth
rwuser old priv
view part included .1.3.6.1.2.1.1
view part excluded .1.3.6.1.2.1.1.4
group members usm nobody
`, [][]question{
			asks("-v3 -u none -l noAuthNoPriv", get, memory),
			asks("-v3 -u auth -l noAuthNoPriv", get), asks("-v3 -u auth -l authNoPriv -a SHA-256 -A longpassword", get, memory, set, bulk),
			asks("-v3 -u auth -l authNoPriv -a SHA-256 -A wrongpassword", get), asks("-v3 -u auth -l authPriv -a SHA-256 -A longpassword -x AES -X longpassword", get),
			asks("-v3 -u priv -l authNoPriv -a SHA-512 -A longpassword", get), asks("-v3 -u priv -l authPriv -a SHA-512 -A longpassword -x AES -X otherpassword", get, contact, memory, next),
			asks("-v3 -u wide -l authPriv -a SHA-224 -A longpassword -x AES-256-C -X otherpassword", get), asks("-v3 -u wide -l noAuthNoPriv", get),
			asks("-v3 -u unlisted -l authNoPriv -a SHA-256 -A longpassword", get), asks("-v3 -u mallory -l noAuthNoPriv", get),
			// RFC 3413, section 3.2, wants a report.
			differently("-v3 -u auth -l authNoPriv -a SHA-256 -A longpassword -n plant", get, "Bad context specified"),
			{{tool: "snmpget", who: []string{"-v3", "-u", "old", "-l", "authPriv", "-a", "MD5", "-A", "long password", "-x", "DES", "-X", "long password"}, what: []string{".1.3.6.1.2.1.1.5.0"}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := configFile(t, head+c.conf)
			theirs, ours := freeAddress(t), freeAddress(t)
			launch(t, "", peer(t, "snmpd"), "-I", "-smux", "-c", config, "udp:"+theirs)
			launch(t, "", built, "--extend", "-c", config, "udp:"+ours)
			var all sync.WaitGroup
			defer all.Wait()
			for _, group := range c.questions {
				for _, q := range group {
					all.Go(func() { compare(t, q, theirs, ours) })
				}
			}
		})
	}
}

func compare(t *testing.T, q question, addresses ...string) {
	var all sync.WaitGroup
	answers := make([]string, len(addresses))
	for i, addr := range addresses {
		all.Go(func() {
			args := append(append(append([]string{}, q.who...), addr), q.what...)
			answers[i] = strings.ReplaceAll(ask(t, q.tool, args...), addr, "ADDRESS")
		})
	}
	all.Wait()
	if q.differ == "" {
		assert.Equal(t, answers[0], answers[1], "%s %v %v", q.tool, q.who, q.what)
		return
	}
	assert.NotEqual(t, answers[0], answers[1], "%s %v %v: they do not differ any more", q.tool, q.who, q.what)
	assert.Contains(t, answers[1], q.differ)
}
