package doctor

import (
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
)

// advice is a sentence and what to do.
type advice struct{ sentence, todo string }

// dns is the advice for names that cannot be looked up.
const dns = "Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink."

// The causes of failures in package ipsec. The sentence gets the peer.
var ipsecAdvice = map[ipsec.Cause]advice{
	ipsec.CauseNoResponse: {"The peer %s does not answer.",
		"Make sure that it is switched on and that UDP ports 500 and 4500 are open on the way to it."},
	ipsec.CauseAuthentication: {"The peer %s and this device do not take each other's key or identity.",
		"Give both ends the same pre-shared key, and compare local_id here with the remote id there and the other way round."},
	ipsec.CauseNoSecret: {"There is no key for the identities that this device and the peer %s use.",
		"Set pre_shared_key or certificate_set, and compare the identities."},
	ipsec.CausePhase1: {"The peer %s takes none of the phase 1 proposals.",
		"Give both ends the same encryption, hash and DH group in phase 1."},
	ipsec.CausePhase2: {"The peer %s takes none of the phase 2 proposals.",
		"Give both ends the same encryption, hash and PFS group in phase 2."},
	ipsec.CauseSelectors: {"The peer %s wants other subnets.",
		"Let local_subnets here be the remote ones there, and the other way round."},
	ipsec.CauseName: {"The name of the peer, %s, is not known to the DNS servers, or they do not answer.", dns},
	ipsec.CauseUnreachable: {"There is no way to the peer %s.",
		"Look at the uplink and at the routes."},
	ipsec.CauseTimeout: {"The negotiation with the peer %s does not come to an end in time.",
		"Look at the log of the peer, and at how much is lost on the way."},
	ipsec.CauseClosed: {"The peer %s has closed the connection.", "Ask its operator why, or start the connection again."},
}

// ipsec tells why tunnels are down.
func (e *examination) ipsec() {
	if e.IPsec == nil {
		return
	}
	wanted := false
	gateways := make(map[string]string)
	for _, c := range e.Document.L2TP.Extend(e.Document.IPsec).Connections {
		gateways[c.Name] = c.Gateway
		wanted = wanted || c.Enabled
	}
	if d := e.IPsec.Daemon; d.State == ipsec.DaemonWaiting || d.State == ipsec.DaemonGone {
		if wanted && !e.lacks("ipsec") {
			e.add("ipsec", "", "The IKE daemon, charon, does not answer: "+orUnknown(d.Error)+".",
				"Start it, for example with systemctl start strongswan; the connections then come back by themselves.")
		}
		return // nothing can be known of the connections
	}
	for _, c := range e.IPsec.Connections {
		if !c.Enabled || c.State == ipsec.StateStopped {
			continue
		}
		if c.LastError != nil && c.State != ipsec.StateUp && !e.nameless[gateways[c.Name]] {
			e.connection(c, gateways[c.Name])
			continue
		}
		for _, n := range c.Notices {
			e.warn("ipsec", c.Name, sentence(n), "Renew the certificate in its certificate set.")
		}
	}
}

// connection tells why one is down.
func (e *examination) connection(c ipsec.ConnectionStatus, gateway string) {
	f := c.LastError
	switch a, known := ipsecAdvice[f.Cause]; {
	case known:
		e.add("ipsec", c.Name, fmt.Sprintf(a.sentence, gateway), a.todo)
	case f.Cause == ipsec.CauseCertificate:
		e.add("ipsec", c.Name, "A certificate is of no use: "+orUnknown(f.Detail)+".", "Renew it, and put the new one into the certificate set.")
	case c.State == ipsec.StateRefused:
		e.add("ipsec", c.Name, "The IKE daemon does not take the connection: "+orUnknown(f.Detail)+".", "Correct its settings.")
	default:
		e.add("ipsec", c.Name, "The connection is down: "+orUnknown(f.Detail)+".", "Look at what the daemon said, on the page of IPsec.")
	}
}

// The causes of failures in package l2tp.
var l2tpAdvice = map[l2tp.Cause]advice{
	l2tp.CauseNoResponse:     {"The L2TP server does not answer inside the IPsec channel.", "Make sure that L2TP runs there, and that its firewall lets UDP port 1701 through inside IPsec."},
	l2tp.CauseRefused:        {"The L2TP server refuses this device.", "Ask its operator."},
	l2tp.CauseAuthentication: {"The L2TP server does not take the user name or the password.", "Correct username and password."},
	l2tp.CauseNegotiation:    {"This device and the L2TP server have no PPP options in common.", "Compare authentication and MTU of both ends."},
	l2tp.CauseAddress:        {"The L2TP server gives no address.", "Ask its operator whether its range is used up."},
	l2tp.CauseDead:           {"The L2TP server does not answer any more.", "Look at the uplink; it is tried again by itself."},
	l2tp.CauseRoute:          {"The routes through the link cannot be set.", "Compare them with those that there are: ip route."},
}

// l2tp tells why links are down.
func (e *examination) l2tp() {
	if e.L2TP == nil {
		return
	}
	if d := e.L2TP.Daemon; !d.Running && d.Error != "" && !e.lacks("l2tp") {
		e.add("l2tp", "", "The programs of L2TP do not run: "+orUnknown(d.Error)+".", "Mend what it says; it is tried again by itself.")
		return
	}
	for _, c := range e.L2TP.Clients {
		if !c.Enabled || c.State == l2tp.StateStopped || c.State == l2tp.StateUp || c.LastError == nil {
			continue
		}
		f := c.LastError
		if f.Cause == l2tp.CauseChannel && e.told("ipsec") || e.lacks("l2tp") {
			continue
		}
		if a, known := l2tpAdvice[f.Cause]; known {
			e.add("l2tp", c.Name, a.sentence, a.todo)
			continue
		}
		e.add("l2tp", c.Name, "The link is down: "+orUnknown(f.Detail)+".", "Look at the log.")
	}
}

// The causes of failures in package openvpn.
var openvpnAdvice = map[openvpn.Cause]advice{
	openvpn.CauseAuth:        {"The other end does not take the user name or the password.", "Correct username and password."},
	openvpn.CauseCRLExpired:  {"The revocation list has expired, which refuses every client.", "Issue a new list, and upload it as crl-verify; the gateway's own authority does so by itself while the clock is right."},
	openvpn.CauseNoAnswer:    {"The other end does not answer.", "Make sure that it runs, that its port is open on the way, and that both ends have the same tls-crypt or tls-auth key."},
	openvpn.CauseName:        {"The name of the other end is not known to the DNS servers, or they do not answer.", dns},
	openvpn.CauseRoute:       {"There is no way to the other end, or the routes of the tunnel cannot be set.", "Look at the uplink, and at the routes that there are: ip route."},
	openvpn.CauseDevice:      {"The tun device cannot be made.", "Load the kernel module: modprobe tun; end another program that uses the same device."},
	openvpn.CauseKeyPassword: {"The private key cannot be opened with its password.", "Correct key_password."},
	openvpn.CauseHalted:      {"The server has told this client to stop.", "Ask its operator."},
	openvpn.CauseUnmanaged:   {"The openvpn that runs does not answer the gateway.", "Restart the instance."},
}

// openvpn tells why instances are down.
func (e *examination) openvpn() {
	if e.OpenVPN == nil {
		return
	}
	if why := e.OpenVPN.FolderError; why != "" {
		e.warn("openvpn", "", "The folder of *.conf files cannot be read: "+orUnknown(why)+".", "Make the folder, or switch openvpn.folder off.")
	}
	wanted := false
	for _, i := range e.OpenVPN.Instances {
		wanted = wanted || i.Enabled
	}
	if !wanted || e.lacks("openvpn") {
		return
	}
	if e.OpenVPN.Version == "" {
		e.add("openvpn", "", "openvpn is not installed, or does not run: "+orUnknown(e.OpenVPN.Error)+".",
			"Install it, for example with apt install openvpn; the instances then start by themselves.")
		return
	}
	for _, i := range e.OpenVPN.Instances {
		if i.Enabled && i.State != openvpn.StateStopped && i.State != openvpn.StateStopping {
			e.instance(i)
		}
	}
}

// instance tells what is the matter with one.
func (e *examination) instance(i openvpn.InstanceStatus) {
	ended := false
	for _, w := range i.Warnings { // not only about files that have ended
		if strings.Contains(w.String(), "expired on") {
			ended = true
			e.add("openvpn", i.Name, "A certificate has expired: "+orUnknown(w.Text)+".", "Renew it, and upload the new one.")
		}
	}
	switch {
	case ended && i.Cause == openvpn.CauseTLS:
	case i.Cause == openvpn.CauseName && e.namelessRemote(i.Name):
	case i.Cause == openvpn.CauseBind:
		e.bind(i)
	case i.Cause != "":
		a, known := openvpnAdvice[i.Cause]
		if !known {
			a = advice{"The instance is not connected: " + orUnknown(i.Detail) + ".", "Mend what it says, or look at the log of the instance."}
		}
		e.add("openvpn", i.Name, a.sentence, a.todo)
	case i.State == openvpn.StateUnknown:
		e.add("openvpn", i.Name, openvpnAdvice[openvpn.CauseUnmanaged].sentence, openvpnAdvice[openvpn.CauseUnmanaged].todo)
	}
	if i.Pending != "" {
		e.warn("openvpn", i.Name, "The last change is not in force: "+orUnknown(i.Pending)+".", "Correct it, and apply again.")
	}
}

// bind tells who has the port of an instance.
func (e *examination) bind(i openvpn.InstanceStatus) {
	network := "udp"
	if strings.EqualFold(i.Protocol, "TCP") {
		network = "tcp"
	}
	e.taken("openvpn", i.Name, "", network, fmt.Sprintf(":%d", i.Port))
}

// namelessRemote reports whether all other ends of an instance have names
// that are told to be unknown.
func (e *examination) namelessRemote(name string) bool {
	for _, i := range e.Document.OpenVPN.Instances {
		if i.Name != name {
			continue
		}
		for _, r := range i.Remotes {
			if !e.nameless[r.Host] {
				return false
			}
		}
		return len(i.Remotes) > 0
	}
	return false
}

// orUnknown is a text without its full stop.
func orUnknown(text string) string {
	if text = strings.TrimRight(strings.TrimSpace(text), "."); text == "" {
		return "it does not say why"
	}
	return text
}
