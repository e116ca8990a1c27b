package managementfake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// command answers a line of the manager.
func (d *Daemon) command(line string) error {
	if d.admit != nil {
		if line != "END" {
			d.admit.options = append(d.admit.options, line)
			return nil
		}
		d.letIn(d.admit)
		d.admit = nil
		return nil
	}
	w := words(line)
	if len(w) == 0 {
		return nil
	}
	shown := line
	if w[0] == "password" {
		shown = "password [...]"
	}
	d.calls = append(d.calls, shown)
	if w[0] != "load-stats" {
		d.setLog("D,MANAGEMENT: CMD '" + shown + "'")
	}
	if d.Script.Silent && strings.Contains(d.states[len(d.states)-1], ",CONNECTED,") {
		return nil
	}
	switch w[0] {
	case "state", "log", "status":
		return d.list(w)
	case "signal":
		d.signal(at(w, 1))
	case "username", "password":
		d.credentials(w[0], at(w, 1), at(w, 2))
	case "client-auth", "client-auth-nt", "client-deny", "client-kill":
		d.client(w)
	case "pid":
		d.say(fmt.Sprintf("SUCCESS: pid=%d", pid(d.Script)))
	case "load-stats":
		d.say(fmt.Sprintf("SUCCESS: nclients=%d,bytesin=0,bytesout=0", len(d.clients)))
	case "bytecount":
		d.say("SUCCESS: bytecount interval changed")
		d.say(">BYTECOUNT:1000,2000")
	case "hold":
		d.say("SUCCESS: hold release succeeded")
		if d.held {
			d.held = false
			d.proceed()
		}
	default:
		d.say("ERROR: unknown command, enter 'help' for more options")
	}
	return nil
}

func at(w []string, i int) string {
	if i < len(w) {
		return w[i]
	}
	return ""
}

// list answers the commands whose replies end with END.
func (d *Daemon) list(w []string) error {
	switch {
	case w[0] == "status":
		d.status()
		return nil
	case w[0] == "state" && at(w, 1) == "on":
		d.stateOn = true
		d.say("SUCCESS: real-time state notification set to ON")
		return nil
	case w[0] == "state":
		d.say(d.states[len(d.states)-1])
		if d.Script.CloseInReply {
			return errLeave
		}
	default: // log on, and log on all
		d.logOn = true
		d.say("SUCCESS: real-time log notification set to ON")
		if at(w, 2) != "all" {
			return nil
		}
		for _, l := range d.log {
			d.say(l)
		}
	}
	d.say("END")
	return nil
}

func (d *Daemon) status() {
	d.say("TITLE\tOpenVPN 2.6.0 fake")
	d.say(fmt.Sprintf("TIME\t%s\t%d", time.Now().Format(time.DateTime), time.Now().Unix()))
	d.say("HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\t" +
		"Bytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData Channel Cipher")
	for _, c := range d.clients {
		if c.in {
			user := c.Username
			if user == "" {
				user = "UNDEF"
			}
			d.say(fmt.Sprintf("CLIENT_LIST\t%s\t192.0.2.7:40001\t10.8.0.%d\t\t3111\t3027\t%s\t%d\t%s\t%d\t0\tAES-256-GCM",
				c.CommonName, 1+c.cid, time.Now().Format(time.DateTime), time.Now().Unix(), user, c.cid))
		}
	}
	d.say("GLOBAL_STATS\tMax bcast/mcast queue length\t0")
	d.say("END")
}

func (d *Daemon) signal(name string) {
	switch name {
	case "SIGTERM":
		d.say("SUCCESS: signal SIGTERM thrown")
		if d.asking < len(d.Script.Asks) && !d.held {
			d.say(">FATAL:ERROR: could not read Auth username/password/ok/string from management interface")
			d.end(1)
			return
		}
		d.setState("EXITING,SIGTERM,,,,,")
		d.end(0)
	case "SIGUSR1", "SIGHUP":
		d.say("SUCCESS: signal " + name + " thrown")
		d.restart(name)
	default:
		d.say("ERROR: signal '" + name + "' is not a known signal type")
	}
}

// credentials takes a user name or password. A wrong one is asked for again.
func (d *Daemon) credentials(kind, what, value string) {
	if d.held || d.asking >= len(d.Script.Asks) {
		d.say("ERROR: no " + kind + " is currently needed at this time")
		return
	}
	a := d.Script.Asks[d.asking]
	if what != a.What {
		d.say(fmt.Sprintf("ERROR: %s of type '%s' entered, but we need one of type '%s'", kind, what, a.What))
		return
	}
	d.say(fmt.Sprintf("SUCCESS: '%s' %s entered, but not yet verified", what, kind))
	if kind == "username" {
		d.user = value
		return
	}
	if value != a.Password || d.user != a.Username {
		d.user = ""
		d.say(fmt.Sprintf(">PASSWORD:Verification Failed: '%s'", what))
		d.ask()
		return
	}
	d.user = ""
	d.asking++
	d.proceed()
}

// client answers commands about one client.
func (d *Daemon) client(w []string) {
	cid, _ := strconv.ParseUint(at(w, 1), 10, 64) // 0 is none
	i := slices.IndexFunc(d.clients, func(c *client) bool { return c.cid == cid })
	if !d.Script.Server {
		d.say(fmt.Sprintf("ERROR: The '%s' command is not supported by the current daemon mode", w[0]))
		return
	}
	if i < 0 {
		d.say("ERROR: " + w[0] + " command failed")
		if w[0] == "client-auth" {
			d.admit = &client{} // its options come all the same
		}
		return
	}
	c := d.clients[i]
	switch w[0] {
	case "client-auth":
		c.options = nil
		d.admit = c
	case "client-auth-nt":
		d.letIn(c)
	case "client-deny":
		d.say("SUCCESS: client-deny command succeeded")
		d.clients = slices.Delete(d.clients, i, i+1)
	case "client-kill":
		d.say("SUCCESS: client-kill command succeeded")
		d.clients = slices.Delete(d.clients, i, i+1)
		if d.ClientAuth {
			d.say(fmt.Sprintf(">CLIENT:DISCONNECT,%d", c.cid))
			d.env("common_name=" + c.CommonName)
		}
		d.join(c.Peer) // it comes back, as one who is new
	}
}

func (d *Daemon) letIn(c *client) {
	if c.cid == 0 {
		return // an unknown one, which has had its answer
	}
	d.say("SUCCESS: client-auth command succeeded")
	c.in = true
	d.established(c)
}
