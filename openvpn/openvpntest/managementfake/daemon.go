package managementfake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Daemon plays one openvpn. Its methods are safe for concurrent use; its
// fields are set before Serve.
type Daemon struct {
	Script Script
	// Hold waits for the release before anything else, ClientAuth asks about
	// each client: management-hold and management-client-auth.
	Hold, ClientAuth bool

	mu      sync.Mutex
	conn    net.Conn // of the manager
	states  []string // each one so far, as in STATE
	log     []string
	stateOn bool
	logOn   bool
	held    bool
	asking  int    // index in Asks; len(Asks) when all are answered
	user    string // that was given for it
	clients []*client
	lastCID uint64
	admit   *client // whose options come now
	calls   []string
	exit    chan int // its status, once
}

// New returns a fake that does as the script says.
func New(s Script) *Daemon { return &Daemon{Script: s, exit: make(chan int, 1)} }

// client is one of a server.
type client struct {
	Peer
	cid, kid uint64
	in       bool // admitted
	options  []string
}

// Serve serves managers, one after the other as openvpn does, until it ends
// by command or by the end of ctx, and returns its exit status. It closes l.
func (d *Daemon) Serve(ctx context.Context, l net.Listener) int {
	d.begin()
	stop := context.AfterFunc(ctx, func() { d.end(1) })
	defer stop()
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.manage(conn)
		}
	})
	status := <-d.exit
	_ = l.Close() // to end the loop
	d.mu.Lock()
	if d.conn != nil {
		_ = d.conn.Close()
	}
	d.mu.Unlock()
	accepting.Wait()
	return status
}

func (d *Daemon) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = d.Hold
	d.setState("CONNECTING,,,,,,")
	d.setLog("I,OpenVPN 2.6.0 fake")
	if !d.held {
		d.proceed()
	}
}

// String returns the state, the clients and the last commands.
func (d *Daemon) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, s := range d.states {
		_, s, _ = strings.Cut(s, ",")
		fmt.Fprintf(&b, "state %s\n", strings.TrimRight(s, ","))
	}
	for _, c := range d.clients {
		fmt.Fprintf(&b, "client %d %s admitted=%t %s\n", c.cid, c.CommonName, c.in, strings.Join(c.options, "; "))
	}
	return b.String()
}

// Calls returns the commands so far, without what they hold.
func (d *Daemon) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Exit ends it with a status, as if it had crashed.
func (d *Daemon) Exit(status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end(status)
}

// Say sends a line to the manager, such as ">STATE:...", if there is one.
func (d *Daemon) Say(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.say(line)
}

// Leave breaks the manager's connection.
func (d *Daemon) Leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Close()
	}
}

// end is safe without d.mu too: the channel has room for the first status.
func (d *Daemon) end(status int) {
	select {
	case d.exit <- status:
	default:
	}
}

// manage serves one manager until it leaves.
func (d *Daemon) manage(conn net.Conn) {
	d.mu.Lock()
	d.conn = conn
	d.greet()
	d.mu.Unlock()
	in := bufio.NewScanner(conn)
	for in.Scan() {
		d.mu.Lock()
		err := d.command(in.Text())
		d.mu.Unlock()
		if err != nil {
			break
		}
	}
	_ = conn.Close()
	d.mu.Lock()
	d.conn, d.stateOn, d.logOn, d.admit = nil, false, false, nil
	d.mu.Unlock()
}

func (d *Daemon) greet() {
	switch {
	case d.Script.Mute:
		return
	case d.Script.Junk:
		d.say("220 mail.example.org ESMTP")
		return
	}
	d.say(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info")
	if d.held {
		d.say(">HOLD:Waiting for hold release:0")
	} else {
		d.ask()
	}
}

// say writes a line; a manager that does not read misses it.
func (d *Daemon) say(line string) {
	if d.conn == nil {
		return
	}
	_ = d.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, _ = d.conn.Write([]byte(line + "\r\n"))
}

func (d *Daemon) setState(text string) {
	line := fmt.Sprintf("%d,%s", time.Now().Unix(), text)
	d.states = append(d.states, line)
	d.setLog(",MANAGEMENT: >STATE:" + line)
	if d.stateOn {
		d.say(">STATE:" + line)
	}
}

func (d *Daemon) setLog(text string) {
	line := fmt.Sprintf("%d,%s", time.Now().Unix(), text)
	d.log = append(d.log, line)
	if d.logOn {
		d.say(">LOG:" + line)
	}
}

// proceed goes on after the release, or after a password.
func (d *Daemon) proceed() {
	switch {
	case d.Script.Fatal != "":
		d.say(">FATAL:" + d.Script.Fatal)
		d.end(1)
		return
	case d.asking < len(d.Script.Asks):
		d.ask()
		return
	}
	if d.Script.Server {
		d.setState("CONNECTED,SUCCESS,10.8.0.1,,,127.0.0.1,1194")
		for _, p := range d.Script.Peers {
			d.join(p)
		}
		return
	}
	d.setState("WAIT,,,,,,")
	d.setState("AUTH,,,,,,")
	if d.Script.Reject != "" {
		d.restart(d.Script.Reject)
		return
	}
	d.setState("GET_CONFIG,,,,,,")
	d.setState("ASSIGN_IP,,10.8.0.2,,,,")
	d.setState("CONNECTED,SUCCESS,10.8.0.2,192.0.2.1,1194,,,fd00::2")
}

// restart goes back to the hold, as openvpn does for each SIGUSR1.
func (d *Daemon) restart(why string) {
	d.setState("RECONNECTING," + why + ",,,,,")
	d.asking, d.clients = 0, nil
	d.setState("CONNECTING,,,,,,")
	if d.held = d.Hold; d.held {
		d.say(">HOLD:Waiting for hold release:1")
		return
	}
	if d.Script.Reject == "" { // else it would never end
		d.proceed()
	}
}

// ask repeats the question that is open, if one is.
func (d *Daemon) ask() {
	if d.asking >= len(d.Script.Asks) {
		return
	}
	a := d.Script.Asks[d.asking]
	kind := "password"
	if a.Username != "" {
		kind = "username/password"
	}
	d.say(fmt.Sprintf(">PASSWORD:Need '%s' %s", a.What, kind))
}

// join lets a client come to the server.
func (d *Daemon) join(p Peer) {
	d.lastCID++
	c := &client{Peer: p, cid: d.lastCID, kid: 1, in: !d.ClientAuth}
	d.clients = append(d.clients, c)
	if !d.ClientAuth {
		d.established(c)
		return
	}
	d.say(fmt.Sprintf(">CLIENT:CONNECT,%d,%d", c.cid, c.kid))
	d.env("common_name="+p.CommonName, "username="+p.Username, "password="+p.Password,
		"untrusted_ip=192.0.2.7", "untrusted_port=40001")
}

func (d *Daemon) established(c *client) {
	d.say(fmt.Sprintf(">CLIENT:ESTABLISHED,%d", c.cid))
	d.env("common_name=" + c.CommonName)
}

func (d *Daemon) env(lines ...string) {
	for _, l := range append(lines, "END") {
		d.say(">CLIENT:ENV," + l)
	}
}

// errLeave closes the connection to the manager.
var errLeave = errors.New("the manager's connection is closed")

func pid(s Script) int {
	if s.PID != 0 {
		return s.PID
	}
	return os.Getpid()
}
