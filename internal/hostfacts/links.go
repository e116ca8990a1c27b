package hostfacts

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Link is an [Interface] with what network management asks for besides.
type Link struct {
	Interface
	Promiscuous bool   // takes what is for others, too (IFF_PROMISC)
	Alias       string // as an administrator set it
}

const iffPromisc = 0x100 // netdevice(7)

// Links lists all network interfaces like [Host.Interfaces], but takes the
// counters of all of them from one reading of /proc/net/dev. One that is not
// there and in /sys/class/net alike, as it comes or goes, is left out.
func (h *Host) Links() ([]Link, error) {
	counters, err := h.deviceCounters()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(h.path(netFolder))
	if err != nil {
		return nil, h.fault(netFolder, err)
	}
	list := make([]Link, 0, len(entries))
	var errs []error
	for _, entry := range entries {
		both, found := counters[entry.Name()]
		if !found || entry.Type().IsRegular() {
			continue
		}
		l, err := h.readLink(entry.Name())
		switch {
		case err == nil:
			l.Rx, l.Tx = both[0], both[1]
			list = append(list, l)
		case !h.disappeared(entry.Name(), err):
			errs = append(errs, err)
		}
	}
	order.Sort(list, func(a, b Link) int { return cmp.Compare(a.Index, b.Index) })
	return list, errors.Join(errs...)
}

// readLink reads all but the counters.
func (h *Host) readLink(name string) (Link, error) {
	a := attributes{host: h, folder: filepath.Join(netFolder, name)}
	flags := a.number("flags", 32)
	l := Link{
		Interface: Interface{
			Name:         name,
			Index:        int(a.number("ifindex", 31)),
			MTU:          a.number("mtu", 32),
			SpeedMbit:    a.speed("speed"),
			HardwareAddr: a.hardwareAddr("address"),
			OperState:    a.text("operstate"),
			AdminUp:      flags&iffUp != 0,
			Duplex:       a.optional("duplex", "unknown"),
			Type:         uint16(a.number("type", 16)),
		},
		Promiscuous: flags&iffPromisc != 0,
		Alias:       a.optional("ifalias", ""),
	}
	return l, a.err
}

// EthernetErrors are the faults of a link that IEEE 802.3 has names for, which
// include/uapi/linux/if_link.h gives for these counters of the kernel.
type EthernetErrors struct {
	Alignment           uint64 // aAlignmentErrors
	FCS                 uint64 // aFrameCheckSequenceErrors
	LateCollisions      uint64 // aLateCollisions
	ExcessiveCollisions uint64 // aFramesAbortedDueToXSColls
	CarrierSense        uint64 // aCarrierSenseErrors
}

// EthernetErrors reads those of an interface. Source: its statistics in
// /sys/class/net.
func (h *Host) EthernetErrors(name string) (EthernetErrors, error) {
	a := attributes{host: h, folder: filepath.Join(netFolder, name, "statistics")}
	e := EthernetErrors{
		Alignment:           a.number("rx_frame_errors", 64),
		FCS:                 a.number("rx_crc_errors", 64),
		LateCollisions:      a.number("tx_window_errors", 64),
		ExcessiveCollisions: a.number("tx_aborted_errors", 64),
		CarrierSense:        a.number("tx_carrier_errors", 64),
	}
	return e, a.err
}

// deviceCounters reads the received and the sent of every interface.
func (h *Host) deviceCounters() (map[string][2]Counters, error) {
	const name = "proc/net/dev"
	text, err := h.table(name)
	if err != nil {
		return nil, err
	}
	counters := make(map[string][2]Counters)
	for line := range strings.Lines(text) {
		// A colon ends the name, which may hold one itself; the two lines of
		// headings have none.
		colon := strings.LastIndexByte(line, ':')
		if colon < 0 {
			continue
		}
		both, err := countersOf(strings.Fields(line[colon+1:]))
		if err != nil {
			return nil, h.fault(name, err)
		}
		counters[strings.TrimSpace(line[:colon])] = both
	}
	return counters, nil
}

// countersOf reads the eight columns of each direction: bytes, packets,
// errors, drops, fifo, frame or collisions, compressed or carrier, multicast
// or compressed.
func countersOf(fields []string) (both [2]Counters, err error) {
	if len(fields) < 16 {
		return both, fmt.Errorf("%q has fewer than 16 columns", strings.Join(fields, " "))
	}
	for d := range both {
		c := &both[d]
		columns := []*uint64{&c.Bytes, &c.Packets, &c.Errors, &c.Drops}
		for i, to := range columns {
			if *to, err = strconv.ParseUint(fields[8*d+i], 10, 64); err != nil {
				return both, fmt.Errorf("%q is not a count", fields[8*d+i])
			}
		}
	}
	if both[0].Multicast, err = strconv.ParseUint(fields[7], 10, 64); err != nil {
		return both, fmt.Errorf("%q is not a count", fields[7])
	}
	return both, nil
}
