package hostfacts

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
)

// Model is the name of the hardware, the first of: tmp/sysinfo/model
// (OpenWrt), the device tree's model, the product name of the DMI table. It
// is empty where none tells, or only a placeholder of the maker.
func (h *Host) Model() (string, error) {
	return h.identity("tmp/sysinfo/model", "proc/device-tree/model", "sys/class/dmi/id/product_name")
}

// Serial is the serial number of the hardware, the first of: the device
// tree's, the DMI table's product serial (readable by root only), the
// hardware address of the first Ethernet interface as 12 lower-case
// hexadecimal digits. It is empty where none tells.
//
// An address from a maker's own range goes before one that was assigned
// locally, since the latter may change with every boot.
func (h *Host) Serial() (string, error) {
	serial, err := h.identity("proc/device-tree/serial-number", "sys/class/dmi/id/product_serial")
	if err != nil || serial != "" {
		return serial, err
	}
	interfaces, err := h.Interfaces()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return firstEthernet(interfaces), nil
}

// firstEthernet returns the address of the Ethernet interface with the
// lowest index.
func firstEthernet(interfaces []Interface) string {
	const arphrdEther, local = 1, 0x02 // if_arp.h; the U/L bit of IEEE 802
	fallback := ""
	for _, i := range interfaces {
		if i.Type != arphrdEther || len(i.HardwareAddr) != 6 {
			continue
		}
		digits := hex.EncodeToString(i.HardwareAddr)
		if i.HardwareAddr[0]&local == 0 {
			return digits
		}
		fallback = first(fallback, digits)
	}
	return fallback
}

// identity returns the first text in the files that is no placeholder. Files
// that are missing or for other eyes only are passed over.
func (h *Host) identity(names ...string) (string, error) {
	for _, name := range names {
		text, err := h.read(name)
		text, _, _ = strings.Cut(text, "\x00") // a device tree may list several
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		case err != nil:
			return "", err
		case !isPlaceholder(text):
			return text, nil
		}
	}
	return "", nil
}

// isPlaceholder reports whether the maker of a board left the field as it
// came with the firmware.
func isPlaceholder(text string) bool {
	text = strings.ToLower(text)
	switch text {
	case "none", "n/a", "unknown", "default string", "not specified", "not applicable",
		"to be filled by o.e.m.", "o.e.m.", "system serial number", "serial number",
		"system product name", "product name", "0123456789", "123456789":
		return true
	default:
		return strings.Trim(text, "0x.-* ") == "" // "", "0", "00000000", "xxxx"
	}
}
