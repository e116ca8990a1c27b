package atmodem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

// always asks the modem at each call.
const always = time.Nanosecond

// patient gives a modem more time than a client of the API has.
var patient = atmodem.Options{TTL: always, Total: 20 * time.Second}

// talk runs a test on a modem whose time does not pass.
func talk(t *testing.T, o atmodem.Options, run func(*testing.T, *atmodemtest.Modem, *atmodem.Modem)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := atmodemtest.NewModem()
		m := atmodem.New(fake.Open, o)
		defer func() { assert.NoError(t, m.Close()) }()
		run(t, fake, m)
	})
}

// tells demands that m tells what the fake is.
func tells(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
	t.Helper()
	time.Sleep(always)
	info, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	require.Equal(t, fake.Info(), info)
}

// fails demands that m is not ready, and returns why.
func fails(t *testing.T, m *atmodem.Modem) error {
	t.Helper()
	time.Sleep(always)
	info, err := m.ModemInfo(t.Context())
	require.ErrorIs(t, err, api.ErrNotReady)
	require.Equal(t, api.ModemInfo{}, info)
	return err
}

func TestAllFacts(t *testing.T) {
	base := atmodemtest.NewModem().Info()
	with := func(change func(*api.ModemInfo)) api.ModemInfo {
		info := base
		change(&info)
		return info
	}
	for name, info := range map[string]api.ModemInfo{
		"lte":      base,
		"gsm":      with(func(i *api.ModemInfo) { i.Technology, i.Registration = "GSM", "roaming" }),
		"hspa":     with(func(i *api.ModemInfo) { i.Technology = "HSPA" }),
		"nb_iot":   with(func(i *api.ModemInfo) { i.Technology = "NB-IoT" }),
		"both":     with(func(i *api.ModemInfo) { i.Technology = "LTE+NR" }),
		"number":   with(func(i *api.ModemInfo) { i.Operator = "26201" }),
		"ipv6":     with(func(i *api.ModemInfo) { i.IPAddress = "2001:db8::1" }),
		"offline":  with(func(i *api.ModemInfo) { i.IPAddress = "" }),
		"strong":   with(func(i *api.ModemInfo) { i.SignalDBm = new(-51) }),
		"weak":     with(func(i *api.ModemInfo) { i.SignalDBm = new(-113) }),
		"deaf":     with(func(i *api.ModemInfo) { i.SignalDBm = nil }),
		"denied":   with(func(i *api.ModemInfo) { i.Registration = "denied" }),
		"search":   with(func(i *api.ModemInfo) { i.Registration = "searching" }),
		"detached": with(func(i *api.ModemInfo) { i.Registration = "not registered" }),
		"nameless": with(func(i *api.ModemInfo) { i.Manufacturer, i.Model, i.Revision, i.IMEI = "", "", "", "" }),
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, atmodem.Options{}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
				fake.Set(info)
				tells(t, fake, m)
			})
		})
	}
}

func TestDisturbedAnswers(t *testing.T) {
	junk := make([]byte, 2000)
	for i := range junk {
		junk[i] = byte(0x80 + i%0x60)
	}
	for name, f := range map[string]atmodemtest.Faults{
		"news": {News: []string{
			"RING", "+CREG: 5,\"FFFF\",\"00000001\",2", "^RSSI:19", "+CEREG: 2", "NO CARRIER", "PB DONE", "STIN: 25", "+CSQ: 99",
			"+CMTI: \"SM\",1", "Call Ready", "*PSUTTZ: 26,11,23", "+CGPADDR",
		}},
		"junk":          {Junk: junk},
		"junk_and_line": {Junk: append(bytes.Repeat([]byte("x"), 5000), 0xff, 0, '\r', '>', ' ')},
		"slow_bytes":    {Slow: 2 * time.Millisecond},
		"prompts":       {Junk: []byte("\r\n> ")},
		"late_first":    {Late: "ATQ0V1E0", LateBy: 3500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, patient, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
				fake.SetFaults(f)
				for range 3 {
					tells(t, fake, m)
					time.Sleep(time.Second)
				}
			})
		})
	}
}

// What a modem sends between two questionings is not kept.
func TestNewsWhileIdle(t *testing.T) {
	talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		tells(t, fake, m)
		for range 1000 {
			fake.Send("\r\nOK\r\n\r\nERROR\r\n\r\nRING\r\n")
		}
		tells(t, fake, m)
	})
}

// A modem may be in the middle of a short message, or may have started anew.
func TestStateOfOthers(t *testing.T) {
	talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.Prompt()
		tells(t, fake, m)
		fake.Restart()
		time.Sleep(always)
		info, err := m.ModemInfo(t.Context())
		require.NoError(t, err)
		assert.Empty(t, info.CellID, "told only after +CEREG=2")
		tells(t, fake, m)
	})
}

func TestMissingSIM(t *testing.T) {
	talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		for _, sim := range []atmodemtest.SIM{
			atmodemtest.SIMMissing, atmodemtest.SIMReady, atmodemtest.SIMLocked, atmodemtest.SIMReady, atmodemtest.SIMMissing,
		} {
			fake.SetSIM(sim)
			tells(t, fake, m)
			time.Sleep(2 * time.Minute) // until the other commands for the ICCID are tried again
		}
		other := fake.Info()
		other.IMSI, other.ICCID = "001010999999999", "8988211000000000027"
		fake.SetSIM(atmodemtest.SIMReady)
		fake.Set(other)
		tells(t, fake, m)
	})
}

func TestOneCommandWithoutAnswer(t *testing.T) {
	for command, forget := range map[string]func(*api.ModemInfo){
		"AT+CSQ":     func(i *api.ModemInfo) { i.SignalDBm = nil },
		"AT+COPS?":   func(i *api.ModemInfo) { i.Operator = "" },
		"AT+CGPADDR": func(i *api.ModemInfo) { i.IPAddress = "" },
		"AT+CIMI":    func(i *api.ModemInfo) { i.IMSI = "" },
		"AT+CCID":    func(i *api.ModemInfo) { i.ICCID = "" },
		"AT+CGMI":    func(i *api.ModemInfo) { i.Manufacturer = "" },
		"AT+CGSN":    func(i *api.ModemInfo) { i.IMEI = "" },
		"AT+CMEE=1":  func(*api.ModemInfo) {},
	} {
		for fault, f := range map[string]atmodemtest.Faults{
			"mute":    {Mute: []string{command, command + "=1"}},
			"unknown": {Unknown: []string{command, command + "=1"}},
			"late":    {Late: command, LateBy: 7 * time.Second},
		} {
			t.Run(strings.TrimPrefix(command, "AT+")+"/"+fault, func(t *testing.T) {
				talk(t, patient, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
					want := fake.Info()
					if fault != "late" || command != "AT+CGPADDR" { // of which another form tells
						forget(&want)
					}
					fake.SetFaults(f)
					start := time.Now()
					info, err := m.ModemInfo(t.Context())
					require.NoError(t, err)
					assert.Equal(t, want, info)
					assert.LessOrEqual(t, time.Since(start), 20*time.Second)

					time.Sleep(always)
					start = time.Now()
					info, err = m.ModemInfo(t.Context())
					require.NoError(t, err)
					assert.Equal(t, want, info)
					assert.Less(t, time.Since(start), time.Second, "what does not answer is left out for a while")
					fake.SetFaults(atmodemtest.Faults{})
					time.Sleep(2 * time.Minute)
					tells(t, fake, m)
				})
			})
		}
	}
}

// onlyTrue demands that each fact is true or missing.
func onlyTrue(t *testing.T, want, got api.ModemInfo) {
	t.Helper()
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !g.Field(i).IsZero() {
			assert.Equal(t, w.Field(i).Interface(), g.Field(i).Interface(), w.Type().Field(i).Name)
		}
	}
}

// A modem that does nothing for a while answers all that it owes afterwards.
func TestStall(t *testing.T) {
	for command, works := range map[string]bool{
		"ATQ0V1E0": true, "AT+CMEE?": false, "AT+CMEE=1": true, "AT+COPS?": true, "AT+CGSN": true,
	} {
		for _, stall := range []time.Duration{3, 4900, 5100, 7000, 9000} {
			t.Run(fmt.Sprint(command[2:], "/", stall), func(t *testing.T) {
				talk(t, patient, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
					fake.SetFaults(atmodemtest.Faults{Late: command, LateBy: stall * time.Millisecond})
					before := fake.Info()
					info, err := m.ModemInfo(t.Context())
					if err != nil {
						require.ErrorIs(t, err, api.ErrNotReady)
						require.True(t, !works || command == "ATQ0V1E0", err)
					} else {
						onlyTrue(t, before, info)
					}
					fake.SetFaults(atmodemtest.Faults{})
					time.Sleep(2 * time.Minute)
					tells(t, fake, m)
				})
			})
		}
	}
}

// A modem that knows no +CMEE? is as good.
func TestWithoutErrorNumbers(t *testing.T) {
	talk(t, patient, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.SetFaults(atmodemtest.Faults{Unknown: []string{"AT+CMEE?", "AT+CMEE=1"}})
		tells(t, fake, m)
		start := time.Now()
		tells(t, fake, m)
		assert.Less(t, time.Since(start), time.Second)
	})
}

func TestDeadModem(t *testing.T) {
	talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		for range 3 {
			fake.SetFaults(atmodemtest.Faults{Silent: true})
			start := time.Now()
			require.ErrorContains(t, fails(t, m), "the modem does not answer; check")
			assert.LessOrEqual(t, time.Since(start), 10*time.Second+always)

			fake.SetFaults(atmodemtest.Faults{Refuse: errors.New("no such thing")})
			require.ErrorContains(t, fails(t, m), "open the modem's port: atmodemtest: no such thing")

			fake.SetFaults(atmodemtest.Faults{})
			tells(t, fake, m)
			fake.HangUp()
			tells(t, fake, m)
		}
	})
}

// A modem can die between two commands.
func TestDiesMidway(t *testing.T) {
	for name, die := range map[string]func(*atmodemtest.Modem){
		"silent":  func(fake *atmodemtest.Modem) { fake.SetFaults(atmodemtest.Faults{Silent: true}) },
		"hung_up": func(fake *atmodemtest.Modem) { fake.HangUp() },
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, patient, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
				fake.SetFaults(atmodemtest.Faults{Late: "AT+COPS?", LateBy: time.Second})
				time.AfterFunc(500*time.Millisecond, func() { die(fake) })
				fails(t, m)
				fake.SetFaults(atmodemtest.Faults{})
				tells(t, fake, m)
			})
		})
	}
}

// What a slow modem has told is the answer; the rest follows.
func TestSlowModem(t *testing.T) {
	talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.SetFaults(atmodemtest.Faults{Slow: 60 * time.Millisecond})
		start := time.Now()
		info, err := m.ModemInfo(t.Context())
		require.NoError(t, err)
		assert.NotNil(t, info.SignalDBm)
		assert.Empty(t, info.IMEI)
		assert.Equal(t, 9*time.Second, time.Since(start), "less than an api.Handler waits")
		require.Eventually(t, func() bool {
			info, err = m.ModemInfo(t.Context())
			return assert.NoError(t, err) && info.IMEI != ""
		}, time.Hour, time.Second)
	})
}

// Who asks a slow modem over the API gets what it has told by then, and the
// rest at a later time, instead of status 503 for ever.
func TestSlowModemOverTheAPI(t *testing.T) {
	talk(t, atmodem.Options{}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.SetFaults(atmodemtest.Faults{Slow: 60 * time.Millisecond})
		h, err := api.NewHandler(api.Config{
			Enabled: true, Authentication: api.AuthenticationNone, Endpoints: api.Endpoints{GSMInfo: true},
		}, api.Options{Providers: api.Providers{Modem: m}})
		require.NoError(t, err)
		body := ""
		for range 10 {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/gsmInfo", nil))
			require.Equal(t, 200, w.Code, w.Body.String())
			body = w.Body.String()
			require.NotContains(t, body, `"signal_dbm":""`)
			time.Sleep(time.Minute)
		}
		assert.NotContains(t, body, `:""`, "all is known by now")
	})
}

// tap is a port that sends the same for ever, and takes anything.
type tap struct {
	text   []byte
	closed chan struct{}
	once   sync.Once
}

func (p *tap) Read(b []byte) (int, error) {
	select {
	case <-p.closed:
		return 0, io.EOF
	case <-time.After(time.Millisecond):
		return copy(b, p.text), nil
	}
}

func (p *tap) Write(b []byte) (int, error) { return len(b), nil }

func (p *tap) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// What is no modem gives no facts, and no error but one.
func TestNoModem(t *testing.T) {
	for name, text := range map[string]string{
		"junk":           "\x00\xff\xfe\x80\r\n\xc3\x28",
		"line_for_ever":  "aaaaaaaaaaaaaaaa",
		"lines_for_ever": "login: \r\nfieldgate\r\n",
		"nothing":        "",
		"nmea":           "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := atmodem.New(func(context.Context) (io.ReadWriteCloser, error) {
					return &tap{text: []byte(text), closed: make(chan struct{})}, nil
				}, atmodem.Options{})
				defer func() { assert.NoError(t, m.Close()) }()
				fails(t, m)
			})
		})
	}
}

// stuck is a port that takes nothing and gives nothing until it is closed.
type stuck struct{ *io.PipeReader }

func (p stuck) Write([]byte) (int, error) { return p.Read(nil) }

func TestStuckPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := atmodem.New(func(context.Context) (io.ReadWriteCloser, error) {
			r, _ := io.Pipe()
			return stuck{r}, nil
		}, atmodem.Options{})
		defer func() { assert.NoError(t, m.Close()) }()
		start := time.Now()
		fails(t, m)
		assert.LessOrEqual(t, time.Since(start), 5*time.Second+always)
	})
}

func TestCallersShareOneQuestioning(t *testing.T) {
	talk(t, atmodem.Options{}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.SetFaults(atmodemtest.Faults{Slow: time.Millisecond})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				info, err := m.ModemInfo(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, fake.Info(), info)
				*info.SignalDBm = 0 // the caller's own
			})
		}
		wg.Wait()
		asked := func() (n int) {
			for _, command := range fake.Commands() {
				if command == "AT+CSQ" {
					n++
				}
			}
			return n
		}
		assert.Equal(t, 1, asked())
		time.Sleep(4999 * time.Millisecond)
		tells(t, fake, m)
		assert.Equal(t, 1, asked(), "fresh for 5 s")
		time.Sleep(time.Millisecond)
		tells(t, fake, m)
		assert.Equal(t, 2, asked())
	})
}

func TestContext(t *testing.T) {
	talk(t, atmodem.Options{}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		fake.SetFaults(atmodemtest.Faults{Slow: 10 * time.Millisecond})
		_, err := m.ModemInfo(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, api.ErrNotReady)
		tells(t, fake, m)
		_, err = m.ModemInfo(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "even of what is known")
	})
}

func TestClose(t *testing.T) {
	talk(t, atmodem.Options{}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		fake.SetFaults(atmodemtest.Faults{Silent: true})
		time.AfterFunc(time.Second, func() { assert.NoError(t, m.Close()) })
		start := time.Now()
		_, err := m.ModemInfo(t.Context())
		require.ErrorIs(t, err, fs.ErrClosed)
		assert.Equal(t, time.Second, time.Since(start))
		_, err = m.ModemInfo(t.Context())
		require.ErrorIs(t, err, fs.ErrClosed)
		require.NoError(t, m.Close())
	})
}

func TestLog(t *testing.T) {
	var log bytes.Buffer
	o := atmodem.Options{TTL: always, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	talk(t, o, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
		tells(t, fake, m)
		tells(t, fake, m)
		fake.SetFaults(atmodemtest.Faults{Refuse: errors.New("no")})
		fake.HangUp()
		fails(t, m)
		fails(t, m)
	})
	assert.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
	assert.Contains(t, log.String(), `msg="atmodem: the modem answers" manufacturer=Fieldgate model=FG-LTE1`)
	assert.Contains(t, log.String(), `level=WARN msg="atmodem: the modem is lost"`)
}
