package notify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

const (
	theirEngine = "\x80\x00\x00\x00\x01their"
	reportTime  = ".1.3.6.1.6.3.15.1.1.2.0"
	reportID    = ".1.3.6.1.6.3.15.1.1.4.0"
)

// engine is a receiver of SNMPv3 with one user, at authPriv.
type engine struct {
	id          string
	boots, time uint32
	password    string
}

// keys are the user's.
func (e engine) keys(t *testing.T) *gosnmp.UsmSecurityParameters {
	t.Helper()
	p := &gosnmp.UsmSecurityParameters{
		UserName: "bob", AuthoritativeEngineID: e.id, AuthoritativeEngineBoots: e.boots, AuthoritativeEngineTime: e.time,
		AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: e.password,
		PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: e.password, PrivacyParameters: []byte("saltsalt"),
	}
	assert.NoError(t, p.InitSecurityKeys())
	return p
}

// open decodes what came, and tells whether it is an inform with a digest that
// is right and a time that is this engine's.
func (e engine) open(t *testing.T, b []byte) (p *gosnmp.SnmpPacket, inform, timely bool) {
	t.Helper()
	x := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: e.keys(t)}
	if p, err := x.UnmarshalTrap(append([]byte(nil), b...), true); err == nil && p.PDUType == gosnmp.InformRequest {
		to := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
		if to.AuthoritativeEngineID == e.id { // gosnmp makes keys for whatever ID a message names
			return p, true, to.AuthoritativeEngineBoots == e.boots && to.AuthoritativeEngineTime == e.time
		}
	}
	p, _ = new(gosnmp.GoSNMP).SnmpDecodePacket(append([]byte(nil), b...)) // the header is enough
	return p, false, false
}

// answer is a message of this engine, signed and encrypted as flags say.
func (e engine) answer(t *testing.T, to *gosnmp.SnmpPacket, kind gosnmp.PDUType, flags gosnmp.SnmpV3MsgFlags, report string) []byte {
	t.Helper()
	p := *to
	p.PDUType, p.MsgFlags, p.SecurityParameters = kind, flags, e.keys(t)
	if report != "" {
		p.Variables = []gosnmp.SnmpPDU{{Name: report, Type: gosnmp.Counter32, Value: uint32(1)}}
	}
	b, err := p.MarshalMsg()
	assert.NoError(t, err)
	return b
}

func TestInformOfV3(t *testing.T) {
	them := engine{theirEngine, 7, 1000, password}
	liar := engine{theirEngine, 9, 5, "not the password"}
	stranger := engine{"\x80\x00\x00\x00\x01other", 7, 1000, password}
	// honest is what an engine answers.
	honest := func(t *testing.T, e engine, b []byte) [][]byte {
		switch p, inform, timely := e.open(t, b); {
		case !inform:
			return [][]byte{e.answer(t, p, gosnmp.Report, gosnmp.NoAuthNoPriv, reportID)}
		case !timely:
			return [][]byte{e.answer(t, p, gosnmp.Report, gosnmp.AuthNoPriv, reportTime)}
		default:
			return [][]byte{e.answer(t, p, gosnmp.GetResponse, gosnmp.AuthPriv, "")}
		}
	}
	// unless lets the inform, which is the second message, be answered otherwise.
	unless := func(answer func(t *testing.T, p *gosnmp.SnmpPacket) []byte) func(*testing.T, int, []byte) [][]byte {
		return func(t *testing.T, _ int, b []byte) [][]byte {
			if p, inform, _ := them.open(t, b); inform {
				return [][]byte{answer(t, p)}
			}
			return honest(t, them, b)
		}
	}
	for name, c := range map[string]struct {
		answers func(t *testing.T, n int, b []byte) [][]byte
		want    string // the error
		packets int    // 0: any number
	}{
		"time told by discovery": {func(t *testing.T, _ int, b []byte) [][]byte { return honest(t, them, b) }, "", 2},
		"time told by a report": {func(t *testing.T, n int, b []byte) [][]byte {
			if n == 0 { // as RFC 3414, section 4, has it: the engine ID only
				p, _, _ := them.open(t, b)
				return [][]byte{engine{id: theirEngine, password: password}.answer(t, p, gosnmp.Report, gosnmp.NoAuthNoPriv, reportID)}
			}
			return honest(t, them, b)
		}, "", 3},
		"replaced meanwhile": {func(t *testing.T, n int, b []byte) [][]byte {
			if n == 0 {
				return honest(t, stranger, b)
			}
			return honest(t, them, b)
		}, "", 3},
		"response without a digest": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return them.answer(t, p, gosnmp.GetResponse, gosnmp.NoAuthNoPriv, "")
		}), "not acknowledged", 0},
		"response without encryption": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return them.answer(t, p, gosnmp.GetResponse, gosnmp.AuthNoPriv, "")
		}), "not acknowledged", 0},
		"response with a wrong digest": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return liar.answer(t, p, gosnmp.GetResponse, gosnmp.AuthPriv, "")
		}), "not acknowledged", 0},
		"response of another engine": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return stranger.answer(t, p, gosnmp.GetResponse, gosnmp.AuthPriv, "")
		}), "not acknowledged", 0},
		"forged time": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return liar.answer(t, p, gosnmp.Report, gosnmp.NoAuthNoPriv, reportTime)
		}), "not acknowledged", 0},
		"forged and signed time": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return liar.answer(t, p, gosnmp.Report, gosnmp.AuthNoPriv, reportTime)
		}), "not acknowledged", 0},
		"another message ID": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			p.MsgID += 1000
			return them.answer(t, p, gosnmp.GetResponse, gosnmp.AuthPriv, "")
		}), "not acknowledged", 0},
		"another request ID": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			p.RequestID++
			return them.answer(t, p, gosnmp.GetResponse, gosnmp.AuthPriv, "")
		}), "not acknowledged", 0},
		"never content with the time": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return them.answer(t, p, gosnmp.Report, gosnmp.AuthNoPriv, reportTime)
		}), "tells another engine ID or time again and again", 4},
		"an engine ID of 4 octets": {func(t *testing.T, _ int, b []byte) [][]byte { return honest(t, engine{"four", 1, 1, password}, b) }, "no valid engine ID", 1},
		"another report": {unless(func(t *testing.T, p *gosnmp.SnmpPacket) []byte {
			return them.answer(t, p, gosnmp.Report, gosnmp.NoAuthNoPriv, ".1.3.6.1.6.3.99.0")
		}), "refuses the inform with report .1.3.6.1.6.3.99.0", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				packets := 0
				s := notify.New(dialer("192.0.2.7:1", func(n int, b []byte) [][]byte {
					packets++
					return c.answers(t, n, b)
				}))
				m := message(t, "x", snmp.Destination{Name: "noc", Version: snmp.Version3, Inform: true, Timeout: snmp.Duration(time.Second), Retries: retries(2)})
				m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: config.NewSecret(password)}
				err := s.Send(t.Context(), m)
				synctest.Wait() // for the receiver to have ended
				if c.want == "" {
					require.NoError(t, err)
				} else {
					require.Error(t, err)
					assert.Contains(t, err.Error(), c.want)
					assert.NotContains(t, err.Error(), password)
				}
				if c.packets != 0 {
					assert.Equal(t, c.packets, packets)
				}
			})
		})
	}
}

// Whatever comes back, Send ends, and takes nothing for an acknowledgement
// that it cannot verify.
func FuzzAnswers(f *testing.F) {
	them := engine{theirEngine, 7, 1000, password}
	m := message(&testing.T{}, "x", snmp.Destination{Version: snmp.Version3, Inform: true, Timeout: snmp.Duration(100 * time.Millisecond), Retries: retries(0)})
	m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: config.NewSecret(password)}
	p := &gosnmp.SnmpPacket{Version: gosnmp.Version3, MsgID: 1, RequestID: 1, SecurityModel: gosnmp.UserSecurityModel}
	f.Add(them.answer(&testing.T{}, p, gosnmp.GetResponse, gosnmp.AuthPriv, reportID))
	f.Add(them.answer(&testing.T{}, p, gosnmp.Report, gosnmp.AuthNoPriv, reportTime))
	f.Add(them.answer(&testing.T{}, p, gosnmp.Report, gosnmp.NoAuthNoPriv, reportID))
	f.Add([]byte("0\x82\xff\xff\x02\x01\x03"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			err := notify.New(dialer("192.0.2.7:1", func(n int, b []byte) [][]byte {
				if n == 0 {
					p, _, _ := them.open(t, b)
					return [][]byte{answer, them.answer(t, p, gosnmp.Report, gosnmp.NoAuthNoPriv, reportID)}
				}
				return [][]byte{answer}
			})).Send(t.Context(), m)
			require.Error(t, err)
		})
	})
}
