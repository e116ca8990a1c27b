package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoal(t *testing.T) {
	g := goal{1. / 3, 1. / 4}
	assert.Equal(t, "<= 1/3, wanted 1/4", g.String())
	assert.Equal(t, "<= 1.25", goal{limit: 1.25}.String())
	assert.Empty(t, goal{}.String())
	assert.Empty(t, goal{}.verdict(7))
	for want, values := range map[string][]float64{
		"met":                 {0.1, 0.25},
		"met, not the wanted": {0.26, 1. / 3},
		"**MISSED**":          {0.34, 2},
	} {
		for _, v := range values {
			assert.Equal(t, want, g.verdict(v), "%v", v)
		}
	}
}

// What is reached is the median of what the rounds have reached, not the
// quotient of the medians.
func TestTable(t *testing.T) {
	f := &figure{name: "GET", unit: "us", goal: goal{limit: 1. / 4}}
	for _, round := range [][2]float64{{1, 2}, {10, 50}, {2, 20}} {
		f.add(ours, round[ours])
		f.add(other, round[other])
	}
	rate := &figure{name: "rate", unit: "/s"}
	rate.add(ours, 4)
	rate.add(other, 2)
	assert.Equal(t, `| figure | ours | snmpd | ours / snmpd      | goal   |     |
| ------ | ---- | ----- | ----------------- | ------ | --- |
| GET    | 2 us | 20 us | 1/5 (1/10 to 1/2) | <= 1/4 | met |
| rate   | 4 /s | 2 /s  | 2 (2 to 2)        |        |     |
`, table([]*figure{f, rate}))
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		message []byte
		want    bool
	}{
		"response":         {v2c(t, gosnmp.GetResponse, gosnmp.NoError), true},
		"request":          {v2c(t, gosnmp.GetRequest, gosnmp.NoError), false},
		"error":            {v2c(t, gosnmp.GetResponse, gosnmp.GenErr), false},
		"encrypted":        {[]byte{0x30, 17, 2, 1, 3, 0x30, 12, 2, 1, 7, 2, 2, 5, 0xc0, 4, 1, 3, 2, 1, 3}, true},
		"report":           {[]byte{0x30, 17, 2, 1, 3, 0x30, 12, 2, 1, 7, 2, 2, 5, 0xc0, 4, 1, 0, 2, 1, 3}, false},
		"nothing":          {nil, false},
		"cut":              {[]byte{0x30, 17, 2, 1, 3, 0x30}, false},
		"length that lies": {[]byte{0x30, 0x85, 1, 1, 1, 1, 1}, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, answers(c.message)) })
	}
}

func v2c(t *testing.T, kind gosnmp.PDUType, status gosnmp.SNMPError) []byte {
	p := gosnmp.SnmpPacket{
		Version: gosnmp.Version2c, Community: community, PDUType: kind, RequestID: 7, Error: status,
		Variables: []gosnmp.SnmpPDU{{Name: sysName, Type: gosnmp.OctetString, Value: strings.Repeat("x", 200)}},
	}
	raw, err := p.MarshalMsg()
	require.NoError(t, err)
	return raw
}

// fakeAgent echoes responses, so many at the most.
func fakeAgent(t *testing.T, reply []byte, most int) netip4 {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = c.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for range most {
			_, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if _, err := c.WriteToUDPAddrPort(reply, from); err != nil {
				return
			}
		}
	}()
	return netip4{c.LocalAddr().(*net.UDPAddr).AddrPort().Port()}
}

// Each answer is counted once, with the bindings of its request.
func TestPly(t *testing.T) {
	to := fakeAgent(t, v2c(t, gosnmp.GetResponse, gosnmp.NoError), 1<<30)
	w, err := ply(to, []packet{{[]byte("a"), 3}, {[]byte("b"), 5}}, time.Now())
	require.NoError(t, err)
	assert.Equal(t, work{answers: sockets * outstanding, bindings: 64}, w)
}

func TestPlyFails(t *testing.T) {
	to := fakeAgent(t, v2c(t, gosnmp.GetResponse, gosnmp.GenErr), 1<<30)
	_, err := ply(to, []packet{{[]byte("a"), 1}}, time.Now())
	assert.ErrorContains(t, err, "not an answer")
}
