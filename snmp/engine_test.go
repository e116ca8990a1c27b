package snmp_test

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// The engine and its boots are stored before the first answer.
func TestEngineIsStoredFirst(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		s := r.agent.Status()
		e, err := r.store.Load()
		require.NoError(t, err)
		assert.Equal(t, s.EngineID, hex.EncodeToString(e.ID))
		assert.Equal(t, s.Boots, e.Boots)
		assert.Regexp(t, `^80001f8805[0-9a-f]{24}$`, s.EngineID)
		assert.EqualValues(t, 1, s.Boots)
		r.stop()
		r.start()
		assert.Equal(t, s.EngineID, r.agent.Status().EngineID)
		assert.EqualValues(t, 2, r.agent.Status().Boots)
	})
}

func TestEngine(t *testing.T) {
	stored := []byte{0x80, 0, 0x1f, 0x88, 5, 9}
	for name, c := range map[string]struct {
		stored     *snmp.Engine
		configured string
		id         string // empty: a new one
		boots      uint32
		fault      string
	}{
		"stored":                  {&snmp.Engine{ID: stored, Boots: 7}, "", "80001f880509", 8, ""},
		"configured first":        {nil, engineID, engineID, 1, ""},
		"configured":              {&snmp.Engine{ID: stored, Boots: 7}, "80001f880509", "80001f880509", 8, ""},
		"configured anew goes on": {&snmp.Engine{ID: stored, Boots: 7}, engineID, engineID, 8, ""},
		"latched":                 {&snmp.Engine{ID: stored, Boots: math.MaxInt32}, "", "80001f880509", math.MaxInt32, ""},
		"nearly latched":          {&snmp.Engine{ID: stored, Boots: math.MaxInt32 - 1}, "", "80001f880509", math.MaxInt32, ""},
		"beyond":                  {&snmp.Engine{ID: stored, Boots: math.MaxUint32}, "", "80001f880509", math.MaxInt32, ""},
		"latched and renamed":     {&snmp.Engine{ID: stored, Boots: math.MaxInt32}, engineID, engineID, 1, ""},
		"not an ID":               {&snmp.Engine{ID: []byte{1}, Boots: 3}, "", "", 0, "what is stored is no engine"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				withUsers(r)
				r.config.EngineID = c.configured
				if c.stored != nil {
					require.NoError(t, r.store.Save(*c.stored))
				}
			}, func(r *rig) {
				s := r.agent.Status()
				assert.Equal(t, c.id, s.EngineID)
				assert.Equal(t, c.boots, s.Boots)
				if c.fault == "" {
					assert.Empty(t, s.V3Error)
				} else {
					assert.Contains(t, s.V3Error, c.fault)
				}
			})
		})
	}
}

// The boots that come with the roll-over of snmpEngineTime are stored before
// they are used, also by a store that fails for a while.
func TestRollOverIsStored(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		boots := func() uint32 {
			e, err := m.store.Load()
			require.NoError(t, err)
			return e.Boots
		}
		time.Sleep(1<<31*time.Second - 48*time.Hour)
		assert.EqualValues(t, 1, boots())
		m.store.Fail(snmptest.OpSave, errors.New("no such luck"))
		time.Sleep(30 * time.Hour)
		m.store.Fail(snmptest.OpSave, nil)
		time.Sleep(5 * time.Minute)
		assert.EqualValues(t, 2, boots())
		assert.Contains(t, m.log.String(), "the next snmpEngineBoots cannot be stored")
		time.Sleep(48 * time.Hour)
		assert.EqualValues(t, 2, boots())
		assert.Equal(t, []string{".1.3.6.1.6.3.10.2.1.2.0 = INTEGER: 2"}, m.rig.get(".1.3.6.1.6.3.10.2.1.2.0").text())
	})
}

// An engine that latched answers nothing that is authenticated.
func TestLatchedEngine(t *testing.T) {
	inV3(t, func(r *rig) {
		id, _ := hex.DecodeString(engineID)
		require.NoError(t, r.store.Save(snmp.Engine{ID: id, Boots: math.MaxInt32}))
	}, func(m *v3) {
		reply := m.send("auth", m.envelope("auth", usm.AuthNoPriv), message.PDU{Type: message.Get}, nulls(sysName)...)
		require.NotNil(t, reply)
		assert.Equal(t, []string{notInWindow + " = Counter32: 1"}, m.decode(reply).text())
		assert.Contains(t, m.log.String(), "give it a new engine_id")
	})
}

// Without a store that works there is no SNMPv3, and it is said; v1 and v2c go
// on.
func TestStoreFails(t *testing.T) {
	for step, want := range map[snmptest.Op]string{
		snmptest.OpLoad: "engine ID and boots cannot be read: no such luck",
		snmptest.OpSave: "engine ID and boots cannot be stored: no such luck",
	} {
		t.Run(string(step), func(t *testing.T) {
			inBubble(t, func(r *rig) {
				withUsers(r)
				r.store.Fail(step, errors.New("no such luck"))
			}, func(r *rig) {
				assert.Equal(t, want, r.agent.Status().V3Error)
				assert.Contains(t, r.log.String(), "SNMPv3 is off")
				assert.Equal(t, engineID, r.agent.Status().EngineID)
				assert.Zero(t, r.agent.Status().Boots)
				e := message.Envelope{Version: message.V3, Header: message.Header{MaxSize: 1500, Flags: message.FlagReportable}}
				assert.Nil(t, r.exchange(write(&e, message.PDU{Type: message.Get}).Raw))
				assert.EqualValues(t, 1, r.agent.Status().Counters.BadVersions)
				a := r.get(sysName, ".1.3.6.1.6.3.10.2.1.2.0")
				assert.Equal(t, []string{sysName + ` = STRING: "gateway"`, ".1.3.6.1.6.3.10.2.1.2.0 = INTEGER: 2147483647"}, a.text())

				time.Sleep(time.Hour)
				assert.Equal(t, 1, strings.Count(r.log.String(), "SNMPv3 is off"), "the same fault is logged once")
				r.store.Fail(step, nil)
				for range 5 * 60 { // the manager is to be in time with the engine
					if time.Sleep(time.Second); r.agent.Status().V3Error == "" {
						break
					}
				}
				assert.Empty(t, r.agent.Status().V3Error, "it is tried again")
				assert.EqualValues(t, 1, r.agent.Status().Boots)
				assert.Zero(t, manage(r).get("strict", usm.AuthPriv, sysName).ErrorStatus)
			})
		})
	}
}
