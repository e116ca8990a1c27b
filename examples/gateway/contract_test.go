//go:build !no_simulate && !no_api && !no_points

package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// TestContract runs the contract over every service that the gateway wires.
func TestContract(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	telemetryConfig := telemetry.DefaultConfig()
	telemetryConfig.Destinations = []telemetry.Destination{{Host: "server", Port: 5150}}
	apiConfig := api.DefaultConfig()
	apiConfig.Authentication = api.AuthenticationNone
	apiConfig.Endpoints.SystemInfo = true

	subjects := map[string]func(t *testing.T, net *memnet.Network) lifecycletest.Subject{
		"telemetry": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			boot := new(bootSource)
			make := func(enabled bool) service {
				c := telemetryConfig
				c.Enabled = enabled
				s, err := telemetry.New(c, telemetry.Options{
					Source: telemetrytest.NewSource(), Serial: "GK0001", NextBoot: boot.next, Dial: net.Dial,
				})
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{Service: make(true), Disabled: make(false), Refuse: boot.refuse, Hold: boot.hold}
		},
		"api on a port of its own": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			make := func(enabled bool) service {
				c := apiConfig
				c.Enabled, c.Listen = enabled, "device:8081"
				s, err := new(apiMount).service(c, api.Options{Providers: api.Providers{System: apitest.NewSystem()}, Listen: net.Listen})
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{Service: make(true), Disabled: make(false), Refuse: net.Refuse, Hold: net.Hold}
		},
		"api on the web server": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			make := func(enabled bool) service {
				c := apiConfig
				c.Enabled = enabled
				s, err := new(apiMount).service(c, api.Options{Providers: api.Providers{System: apitest.NewSystem()}})
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{Service: make(true), Disabled: make(false)}
		},
		"modem": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			open := func() closingModem { return fakeModem{apitest.NewModem()} }
			modems := new(modems)
			return lifecycletest.Subject{
				Service:  modems.service(document.Modem{Source: document.ModemAT, Device: "/dev/modem"}, open),
				Disabled: modems.service(document.Modem{Source: document.SourceNone}, open),
			}
		},
		"points from the hub": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			p := newPoints(t.TempDir())
			make := func(source string) service {
				s, err := p.service(document.Points{Source: source}, func(hubconfig.Config) (runningHub, error) {
					return hub.New(simulatedDevices(), hub.Options{Dial: net.Dial})
				}, redispoints.Options{}, log)
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{Service: make(document.PointsHub), Disabled: make(document.SourceNone)}
		},
		"points from a bus": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			c := redispoints.DefaultConfig()
			c.Devices = []redispoints.Device{{Alias: "INV1"}}
			s, err := newPoints(t.TempDir()).service(document.Points{Source: document.PointsRedis, Redis: c}, nil, redispoints.Options{Dial: net.Dial}, log)
			require.NoError(t, err)
			return lifecycletest.Subject{Service: s}
		},
		"upgrade": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			c := document.Upgrade{Enabled: true, Config: firmware.DefaultConfig()}
			c.Folder = filepath.Join(t.TempDir(), "firmware")
			u := new(upgrades)
			return lifecycletest.Subject{Service: u.service(c, "1.8.2", log), Disabled: u.service(document.Upgrade{}, "1.8.2", log)}
		},
		"ipsec": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			device, s := wired(t, "ipsec", func(doc *document.Document) { doc.IPsec.Enabled, doc.L2TP.Enabled = false, false })
			s.Resources = device.IKE.Sessions
			return s
		},
		"l2tp": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			device, s := wired(t, "l2tp", func(doc *document.Document) { doc.L2TP.Enabled = false })
			s.Resources, s.Hold = device.PPP.Running, device.PPP.StallNext
			s.Refuse = func(err error) { device.PPP.FailNext(err) }
			return s
		},
		"openvpn": func(t *testing.T, _ *memnet.Network) lifecycletest.Subject {
			device, s := wired(t, "openvpn", func(doc *document.Document) { doc.OpenVPN.Enabled = false })
			s.Resources = device.OpenVPN.Running
			return s
		},
		"ser2net": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			hardware := new(ser2nettest.Opener)
			hardware.Add("/dev/ttyS0", ser2nettest.Hardware{})
			make := func(enabled bool) service {
				port := ser2net.DefaultPort()
				port.Name, port.Enabled, port.Device, port.Listen = "meter", true, "/dev/ttyS0", "127.0.0.1:1"
				s, err := ser2net.New(ser2net.Config{Enabled: enabled, Ports: []ser2net.PortConfig{port}}, ser2net.Options{Opener: hardware, Listen: net.Listen})
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{
				Service: make(true), Disabled: make(false), Refuse: net.Refuse, Hold: net.Hold,
				Resources: func() int { return net.Open() + hardware.InUse() },
			}
		},
		"snmp": func(t *testing.T, net *memnet.Network) lifecycletest.Subject {
			make := func(enabled bool) service {
				c := snmp.DefaultConfig()
				c.Enabled = enabled
				s, err := snmp.New(c, snmp.Options{ListenPacket: net.ListenPacket})
				require.NoError(t, err)
				return s
			}
			return lifecycletest.Subject{Service: make(true), Disabled: make(false), Refuse: net.Refuse, Hold: net.Hold}
		},
		"web": func(_ *testing.T, net *memnet.Network) lifecycletest.Subject {
			return lifecycletest.Subject{
				Service: web{addr: "device:8080", most: 64, listen: net.Listen, handler: http.NotFoundHandler(), log: log}.service(),
				Refuse:  net.Refuse, Hold: net.Hold,
			}
		},
	}
	for name, subject := range subjects {
		t.Run(name, func(t *testing.T) {
			lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
				network := new(memnet.Network)
				s := subject(t, network)
				if s.Resources == nil {
					s.Resources = network.Open
				}
				return s
			})
		})
	}
}

// wired returns a service as the gateway builds it for a simulated device,
// and as it builds it once off has switched it off.
func wired(t *testing.T, name string, off func(*document.Document)) (*simulate.Device, lifecycletest.Subject) {
	t.Helper()
	device, err := simulate.New()
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	g := &gateway{log: log, runDir: t.TempDir(), device: device, units: newSupervisor(log), points: newPoints(t.TempDir())}
	t.Cleanup(func() { require.NoError(t, g.units.stop(context.Background(), false)) })
	g.channel.units, g.backends = g.units, g.simulatedBackends()
	build := func(doc document.Document) service {
		units := g.plan(doc)
		i := slices.IndexFunc(units, func(u unit) bool { return u.name == name })
		s, err := units[i].build(t.Context())
		require.NoError(t, err)
		return s
	}
	var doc document.Document
	device.Fill(&doc)
	subject := lifecycletest.Subject{Service: build(doc)}
	require.NoError(t, os.RemoveAll(g.runDir)) // nothing is left of another gateway
	off(&doc)
	subject.Disabled = build(doc)
	return device, subject
}

// bootSource numbers starts, and can refuse or hold the next one.
type bootSource struct {
	mu      sync.Mutex
	err     error
	holding bool
}

func (b *bootSource) next(ctx context.Context) (uint32, error) {
	b.mu.Lock()
	err, holding := b.err, b.holding
	b.err, b.holding = nil, false
	b.mu.Unlock()
	if holding {
		<-ctx.Done()
		err = ctx.Err()
	}
	return 1, err
}

func (b *bootSource) refuse(err error) { b.mu.Lock(); defer b.mu.Unlock(); b.err = err }
func (b *bootSource) hold()            { b.mu.Lock(); defer b.mu.Unlock(); b.holding = true }

// A stopped API leaves the mount, and only its own handler.
func TestAPIMount(t *testing.T) {
	var m apiMount
	status := func() int {
		r := httptest.NewRequest(http.MethodGet, "/api/systemInfo", nil)
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Code
	}
	start := func() service {
		c := api.DefaultConfig()
		c.Enabled, c.Authentication, c.Endpoints.SystemInfo = true, api.AuthenticationNone, true
		s, err := m.service(c, api.Options{Providers: api.Providers{System: apitest.NewSystem()}})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		return s
	}
	require.Equal(t, http.StatusNotFound, status())
	old := start()
	require.Equal(t, http.StatusOK, status())
	next := start()
	require.NoError(t, old.Stop(context.Background()))
	require.Equal(t, http.StatusOK, status(), "the next one is mounted already")
	require.NoError(t, next.Stop(context.Background()))
	require.Equal(t, http.StatusServiceUnavailable, status(), "it may be on its way back")
	off, err := m.service(api.DefaultConfig(), api.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, off.Start(t.Context()), api.ErrDisabled)
	require.Equal(t, http.StatusNotFound, status())

	require.NoError(t, start().Stop(context.Background()))
	require.Equal(t, http.StatusServiceUnavailable, status())
	c := api.DefaultConfig()
	c.Listen = "127.0.0.1:0"
	_, err = m.service(c, api.Options{})
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status(), "it is elsewhere now")
}

// Stop of a mounted API waits for the requests under way, and cuts off those
// that do not end.
func TestAPIMountStopsItsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m apiMount
		system := apitest.NewSystem()
		system.Stall(true)
		c := api.DefaultConfig()
		c.Enabled, c.Authentication, c.Endpoints.SystemInfo = true, api.AuthenticationNone, true
		s, err := m.service(c, api.Options{Providers: api.Providers{System: system}})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		answered := make(chan struct{})
		go func() {
			m.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/systemInfo", nil))
			close(answered)
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, httpserve.Grace, time.Since(began))
		<-answered
	})
}
