package main

import (
	"net"
	"os"
	"slices"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// maxCertificateNames bounds the certificate of a device with many addresses.
const maxCertificateNames = 16

// certificateNames are the names by which clients call the API on an address
// to listen on. Of IPv6 addresses only one to listen on is there: others
// change by themselves, and the certificate would with them.
func certificateNames(listen string) []string {
	names := []string{"localhost", "127.0.0.1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	host, _, err := net.SplitHostPort(listen)
	if err == nil && !document.EveryAddress(host) {
		if !slices.Contains(names, host) {
			names = append(names, host)
		}
		return names
	}
	addrs, _ := net.InterfaceAddrs() // what cannot be read is not there
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() && len(names) < maxCertificateNames {
			names = append(names, ip.IP.String())
		}
	}
	return names
}
