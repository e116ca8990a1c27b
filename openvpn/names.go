package openvpn

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxName   = 32 // of an instance
	maxDevice = 15 // IFNAMSIZ less the final NUL
)

// validName reports whether name can be one of an instance: it becomes the
// name of files.
func validName(name string) bool {
	if name == "" || len(name) > maxName || name[0] == '-' {
		return false
	}
	for _, c := range []byte(name) {
		if !isWord(c) && c != '-' {
			return false
		}
	}
	return true
}

const nameRule = "%q is no name: 1 to 32 of A-Z a-z 0-9 _ -, no leading dash"

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// validBase reports whether name is a base name that no folder gives a meaning
// of its own.
func validBase(name string) bool {
	if name == "" || len(name) > 100 || name[0] == '.' || name[0] == '-' || strings.HasSuffix(name, ".new") {
		return false // stores write name.new before they replace name
	}
	switch name {
	case "stdin", "none", addressesFile: // openvpn asks, does without, and writes
		return false
	}
	for _, c := range []byte(name) {
		if !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

const baseRule = "%q is no name of a file: 1 to 100 of A-Z a-z 0-9 _ - and dots, no leading dot or dash, not stdin, none or " + addressesFile

// validDevice reports whether name can be one of a network interface that
// openvpn makes. "tun" and "tap" alone stand for the first free number, "null"
// for no device.
func validDevice(name string) bool {
	if len(name) > maxDevice || !validBase(name) {
		return false
	}
	switch name {
	case "tun", "tap", "null", "lo", "all", "default":
		return false
	}
	return true
}

// DeviceName returns the name of the interface: Device, or one derived from
// Name, such as tun-office. Long names are cut and told apart by a checksum.
func (i Instance) DeviceName() string {
	if i.Device != "" {
		return i.Device
	}
	name := string(i.deviceType()) + "-" + i.Name
	if len(name) <= maxDevice {
		return name
	}
	sum := sha256.Sum256([]byte(i.Name))
	return name[:maxDevice-5] + "-" + hex.EncodeToString(sum[:2])
}

// The settings with their defaults filled in.

func (i Instance) role() Role {
	if i.Role == "" {
		return RoleClient
	}
	return i.Role
}

func (i Instance) protocol() Protocol {
	if i.Protocol == "" {
		return ProtocolUDP
	}
	return i.Protocol
}

func (i Instance) deviceType() DeviceType {
	if i.DeviceType == "" {
		return DeviceTun
	}
	return i.DeviceType
}

func (p Protocol) isTCP() bool { return strings.HasPrefix(string(p), "tcp") }

// defaultPort is openvpn's own.
const defaultPort = 1194

// listens reports whether the instance waits at a known port.
func (i Instance) listens() bool {
	switch i.role() {
	case RoleServer:
		return true
	case RolePeer:
		return !i.Nobind && (len(i.Remotes) == 0 || !i.protocol().isTCP())
	}
	return i.Port != 0 && !i.protocol().isTCP()
}

// shownPort is the port of the reference's table: its own one, else that of
// the first remote.
func (i Instance) shownPort() uint16 {
	switch {
	case i.Port != 0:
		return i.Port
	case len(i.Remotes) > 0 && i.Remotes[0].Port != 0:
		return i.Remotes[0].Port
	}
	return defaultPort
}

// shownProtocol is UDP or TCP.
func (i Instance) shownProtocol() string {
	p := i.protocol()
	if i.Protocol == "" && len(i.Remotes) > 0 && i.Remotes[0].Protocol != "" {
		p = i.Remotes[0].Protocol
	}
	if p.isTCP() {
		return "TCP"
	}
	return "UDP"
}
