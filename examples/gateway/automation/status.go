package automation

import (
	"context"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Telemetry is what the telemetry agent has done.
type Telemetry struct {
	Next           time.Time              `json:"next,omitzero"`
	Reports        uint64                 `json:"reports"`
	Skipped        uint64                 `json:"skipped"`
	SourceFailures uint64                 `json:"source_failures"`
	SourceError    string                 `json:"source_error,omitempty"`
	Destinations   []TelemetryDestination `json:"destinations" nullable:"false"`
}

// TelemetryDestination is what became of the reports for one destination.
type TelemetryDestination struct {
	Host      string    `json:"host"`
	Port      int64     `json:"port"`
	Address   string    `json:"address,omitempty" doc:"Where the name has led last."`
	Failing   bool      `json:"failing"`
	Sent      uint64    `json:"sent"`
	Acked     uint64    `json:"acked"`
	Unacked   uint64    `json:"unacked"`
	Failed    uint64    `json:"failed"`
	Dropped   uint64    `json:"dropped"`
	Waiting   int64     `json:"waiting"`
	LastSent  time.Time `json:"last_sent,omitzero"`
	LastError string    `json:"last_error,omitempty"`
}

func telemetryOf(st telemetry.Status) Telemetry {
	out := Telemetry{st.Next, st.Reports, st.Skipped, st.SourceFailures, st.SourceError, []TelemetryDestination{}}
	for _, d := range st.Destinations {
		out.Destinations = append(out.Destinations, TelemetryDestination{
			d.Destination.Host, int64(d.Destination.Port), d.Address, d.Failing, d.Sent, d.Acked, d.Unacked, d.Failed, d.Dropped, int64(d.Waiting), d.LastSent, d.LastError,
		})
	}
	return out
}

// IPsec is what the IKE daemon and its connections do.
type IPsec struct {
	Daemon      string       `json:"daemon" doc:"waiting, ready, applying or gone."`
	Version     string       `json:"version,omitempty"`
	Error       string       `json:"error,omitempty"`
	Restarts    uint64       `json:"restarts"`
	Connections []Connection `json:"connections" nullable:"false"`
}

// Connection is one connection of IPsec.
type Connection struct {
	Name       string                `json:"name"`
	Enabled    bool                  `json:"enabled"`
	Configured bool                  `json:"configured"`
	State      ipsec.ConnectionState `json:"state"`
	Since      time.Time             `json:"since,omitzero"`
	Remote     string                `json:"remote,omitempty"`
	Algorithms string                `json:"algorithms,omitempty"`
	BytesIn    uint64                `json:"bytes_in"`
	BytesOut   uint64                `json:"bytes_out"`
	Error      string                `json:"error,omitempty" doc:"Why the last try failed."`
	NextTry    time.Time             `json:"next_try,omitzero"`
	Notices    []string              `json:"notices" nullable:"false"`
}

func ipsecOf(st ipsec.Status) IPsec {
	out := IPsec{string(st.Daemon.State), st.Daemon.Version, st.Daemon.Error, st.Daemon.Restarts, []Connection{}}
	for _, c := range st.Connections {
		one := Connection{
			Name: c.Name, Enabled: c.Enabled, Configured: c.Configured, State: c.State, Since: c.Since,
			NextTry: c.RetryAt, Notices: append([]string{}, c.Notices...),
		}
		if c.LastError != nil {
			one.Error = c.LastError.Error()
		}
		for _, sa := range c.SAs {
			if sa.Up() && sa.RemoteHost.IsValid() {
				one.Remote, one.Algorithms = sa.RemoteHost.String(), sa.Algorithms
			}
			for _, child := range sa.Children {
				one.BytesIn, one.BytesOut = one.BytesIn+child.BytesIn, one.BytesOut+child.BytesOut
			}
		}
		out.Connections = append(out.Connections, one)
	}
	return out
}

// L2TP is what the clients and the server of L2TP do.
type L2TP struct {
	Running  bool         `json:"running"`
	Error    string       `json:"error,omitempty"`
	Clients  []L2TPClient `json:"clients" nullable:"false"`
	Sessions int64        `json:"sessions" doc:"Of the server."`
}

// L2TPClient is one client.
type L2TPClient struct {
	Name    string    `json:"name"`
	Enabled bool      `json:"enabled"`
	State   string    `json:"state"`
	Since   time.Time `json:"since,omitzero"`
	Error   string    `json:"error,omitempty"`
}

func l2tpOf(st l2tp.Status) L2TP {
	out := L2TP{st.Daemon.Running, st.Daemon.Error, []L2TPClient{}, int64(len(st.Server.Sessions))}
	for _, c := range st.Clients {
		one := L2TPClient{Name: c.Name, Enabled: c.Enabled, State: string(c.State), Since: c.Since}
		if c.LastError != nil {
			one.Error = c.LastError.Error()
		}
		out.Clients = append(out.Clients, one)
	}
	return out
}

// OpenVPN is what the instances of OpenVPN do.
type OpenVPN struct {
	Version   string            `json:"version,omitempty"`
	Error     string            `json:"error,omitempty"`
	Instances []OpenVPNInstance `json:"instances" nullable:"false"`
}

// OpenVPNInstance is one instance.
type OpenVPNInstance struct {
	Name     string    `json:"name"`
	Enabled  bool      `json:"enabled"`
	Started  bool      `json:"started"`
	PID      int64     `json:"pid,omitempty"`
	State    string    `json:"state"`
	Since    time.Time `json:"since,omitzero"`
	Port     uint32    `json:"port"`
	Protocol string    `json:"protocol"`
	Device   string    `json:"device,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Restarts uint64    `json:"restarts"`
	BytesIn  uint64    `json:"bytes_in"`
	BytesOut uint64    `json:"bytes_out"`
	Clients  int64     `json:"clients"`
}

func openvpnOf(st openvpn.Status) OpenVPN {
	out := OpenVPN{st.Version, st.Error, []OpenVPNInstance{}}
	for _, i := range st.Instances {
		out.Instances = append(out.Instances, OpenVPNInstance{
			Name: i.Name, Enabled: i.Enabled, Started: i.Started, PID: int64(i.PID), State: string(i.State), Since: i.Since,
			Port: uint32(i.Port), Protocol: i.Protocol, Device: i.Device, Detail: i.Detail, Restarts: i.Restarts,
			BytesIn: i.BytesIn, BytesOut: i.BytesOut, Clients: int64(len(i.Clients)),
		})
	}
	return out
}

// Ser2net is what the serial ports do.
type Ser2net struct {
	Ports []Port `json:"ports" nullable:"false"`
}

// Port is one serial port.
type Port struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Device    string `json:"device"`
	Listening string `json:"listening,omitempty"`
	Clients   int64  `json:"clients"`
	ToDevice  uint64 `json:"to_device" doc:"Bytes."`
	ToNetwork uint64 `json:"to_network" doc:"Bytes."`
	Dropped   uint64 `json:"dropped" doc:"Bytes."`
	Connects  uint64 `json:"connects"`
	Refused   uint64 `json:"refused"`
	Losses    uint64 `json:"losses" doc:"How often the device went away."`
	LastError string `json:"last_error,omitempty"`
}

func ser2netOf(st ser2net.Status) Ser2net {
	out := Ser2net{[]Port{}}
	for _, p := range st.Ports {
		out.Ports = append(out.Ports, Port{
			p.Name, string(p.State), p.Device, p.Listening, int64(len(p.Clients)), p.ToDevice, p.ToNetwork, p.Dropped, p.Connects, p.Refused, p.Losses, p.LastError,
		})
	}
	return out
}

// SNMP is what the SNMP agent does.
type SNMP struct {
	Listening []string `json:"listening" nullable:"false"`
	EngineID  string   `json:"engine_id,omitempty"`
	V3Error   string   `json:"v3_error,omitempty"`
	Received  uint64   `json:"received" doc:"Messages."`
	Sent      uint64   `json:"sent"`
	Wrong     uint64   `json:"wrong" doc:"Messages with a community, user or key that is wrong."`
}

func snmpOf(st snmp.Status) SNMP {
	c := st.Counters
	return SNMP{append([]string{}, st.Listening...), st.EngineID, st.V3Error, c.Received, c.Sent, c.BadCommunities + c.UnknownUsers + c.WrongDigests}
}

// API is what the device's API has done.
type API struct {
	Listening string `json:"listening,omitempty"`
	Requests  uint64 `json:"requests"`
	Refused   uint64 `json:"refused"`
	Failed    uint64 `json:"failed"`
	LastError string `json:"last_error,omitempty"`
}

func apiOf(st api.Status) API {
	return API{st.Listening, st.Requests, st.Refused, st.Failed, st.LastError}
}

// detailsOutput is what each service tells of itself.
type detailsOutput struct {
	Body details
}

// details are of the services that run.
type details struct {
	Telemetry *Telemetry `json:"telemetry,omitempty"`
	IPsec     *IPsec     `json:"ipsec,omitempty"`
	L2TP      *L2TP      `json:"l2tp,omitempty"`
	OpenVPN   *OpenVPN   `json:"openvpn,omitempty"`
	Ser2net   *Ser2net   `json:"ser2net,omitempty"`
	SNMP      *SNMP      `json:"snmp,omitempty"`
	API       *API       `json:"api,omitempty"`
}

func (a *Automation) statuses() {
	add(a, route{method: http.MethodGet, path: "/details", role: account.Viewer, summary: "What each service tells of itself; without those that do not run"},
		func(context.Context, *struct{}) (*detailsOutput, error) { return &detailsOutput{a.details()}, nil })
}

func (a *Automation) details() (d details) {
	if a.Live == nil {
		return d
	}
	if s := a.Live.Telemetry(); s != nil {
		d.Telemetry = new(telemetryOf(s.Status()))
	}
	if s := a.Live.IPsec(); s != nil {
		d.IPsec = new(ipsecOf(s.Status()))
	}
	if s := a.Live.L2TP(); s != nil {
		d.L2TP = new(l2tpOf(s.Status()))
	}
	if s := a.Live.OpenVPN(); s != nil {
		d.OpenVPN = new(openvpnOf(s.Status()))
	}
	if s := a.Live.Ser2net(); s != nil {
		d.Ser2net = new(ser2netOf(s.Status()))
	}
	if s := a.Live.SNMP(); s != nil {
		d.SNMP = new(snmpOf(s.Status()))
	}
	if st, runs := a.Live.APIStatus(); runs {
		d.API = new(apiOf(st))
	}
	return d
}
