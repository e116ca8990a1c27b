package simulate

import "errors"

// Switch is a fault that can be made and mended.
type Switch string

// The switches.
const (
	UnplugSerial     Switch = "unplug-serial"
	OccupySerial     Switch = "occupy-serial"
	KillCharon       Switch = "kill-charon"
	DropPeer         Switch = "drop-peer"
	UninstallOpenVPN Switch = "uninstall-openvpn"
	ExpireCRL        Switch = "expire-crl"
	FillDisk         Switch = "fill-disk"
	UnsetClock       Switch = "unset-clock"
)

// State is a switch with what it does.
type State struct {
	Switch Switch
	Title  string
	What   string // happens while it is on
	On     bool
}

// ErrUnknown says that there is no such switch.
var ErrUnknown = errors.New("simulate: there is no such fault")
