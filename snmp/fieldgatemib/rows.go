package fieldgatemib

import "time"

// Device is what the device is.
type Device struct {
	HostName     string // of the operating system, not sysName
	Model        string
	SerialNumber string
	Firmware     string // its version
	Kernel       string // its version
}

// ServiceState is what a service does.
type ServiceState int32

// The states, with their numbers in the module, as all below. The zero value
// of each type leaves the object out.
const (
	ServiceDisabled ServiceState = 1 // switched off in its configuration
	ServiceStopped  ServiceState = 2
	ServiceRunning  ServiceState = 3
	ServiceFailed   ServiceState = 4
)

// Service is a service of the gateway. Name is the index, as in all rows: it
// has 1 to 96 octets, and rows with another length, or with the name of an
// earlier row, are left out. Other texts are cut at 255 octets.
type Service struct {
	Name      string
	State     ServiceState
	LastError string
}

// TunnelState is whether an IPsec tunnel carries data.
type TunnelState int32

// The states.
const (
	TunnelDown       TunnelState = 1
	TunnelConnecting TunnelState = 2
	TunnelUp         TunnelState = 3
)

// Tunnel is an IPsec tunnel.
type Tunnel struct {
	Name                string
	State               TunnelState
	Remote              string        // address of the other end
	UpTime              time.Duration // 0 while it is not up
	InOctets, OutOctets uint64        // since it is up
	LastError           string
}

// Role is the side of an OpenVPN instance.
type Role int32

// The sides.
const (
	RoleClient Role = 1
	RoleServer Role = 2
)

// InstanceState is what an OpenVPN instance does.
type InstanceState int32

// The states. A server that waits for clients is connected.
const (
	InstanceStopped    InstanceState = 1
	InstanceConnecting InstanceState = 2
	InstanceConnected  InstanceState = 3
	InstanceFailed     InstanceState = 4
)

// Instance is an OpenVPN instance.
type Instance struct {
	Name                string
	Role                Role
	State               InstanceState
	Clients             int
	InOctets, OutOctets uint64 // since it was started
	LastError           string
}

// PortState is what a serial port does.
type PortState int32

// The states.
const (
	PortOff     PortState = 1 // disabled
	PortFailed  PortState = 2 // could not be started
	PortWaiting PortState = 3 // nobody uses the device
	PortOpening PortState = 4
	PortOpen    PortState = 5
	PortLost    PortState = 6 // the device has gone and is awaited
)

// SerialPort is a serial port that the network can reach.
type SerialPort struct {
	Name                string
	Device              string // such as /dev/ttyUSB0
	State               PortState
	Clients             int
	ToDevice, ToNetwork uint64 // octets
	Losses              uint64 // of the device
	LastError           string
}

// Registration is how a modem stands with its network: the number of 3GPP TS
// 27.007, section 7.2, plus 1.
type Registration int32

// The registrations.
const (
	NotRegistered       Registration = 1
	RegisteredHome      Registration = 2
	Searching           Registration = 3
	RegistrationDenied  Registration = 4
	RegistrationUnknown Registration = 5
	RegisteredRoaming   Registration = 6
)

// Modem is a modem that is there.
type Modem struct {
	Name         string
	Operator     string
	Registration Registration
	Technology   string // such as "LTE"
	SignalDBm    int    // -200..-1; any other leaves it out
	IMEI, ICCID  string
	Address      string
}

// Disk is a file system with a limit.
type Disk struct {
	Path  string
	Used  int // percent of the blocks, 0..100
	Limit int // percent, 1..100; a row with any other is left out
}
