package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// peer is the program of the Debian package snmpd.
const peer = "snmpd"

// Who asks.
const (
	community = "bench"
	userName  = "bench"
	password  = "benchpassword"
)

// configuration is what both agents read.
const configuration = `rocommunity ` + community + ` 127.0.0.1
createUser ` + userName + ` SHA-256 ` + password + ` AES ` + password + `
rouser ` + userName + ` priv
syslocation hall 3
syscontact ops@example.net
sysname gateway
sysservices 72
disk /
load 12 10 8
`

// server is an agent that runs.
type server struct {
	*benchkit.Program
	address netip4
	v2c, v3 *gosnmp.GoSNMP
}

// netip4 is an address of the loopback interface.
type netip4 struct{ port uint16 }

func (a netip4) String() string { return fmt.Sprintf("127.0.0.1:%d", a.port) }

// freeAddress returns a UDP address that nobody listens on.
func freeAddress() (netip4, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return netip4{}, err
	}
	defer func() { _ = c.Close() }()
	return netip4{c.LocalAddr().(*net.UDPAddr).AddrPort().Port()}, nil
}

// startAgent starts a program with the flags of snmpd, and waits until it
// answers. What it keeps is in dir.
func startAgent(ctx context.Context, dir, program string, flags ...string) (*server, error) {
	file := filepath.Join(dir, "snmpd.conf")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	// Without MIB files, which Debian does not bring either, snmpd is smaller.
	args := append([]string{"MIBS=", "SNMP_PERSISTENT_DIR=" + dir, program, "-f", "-Ln", "-C", "-c", file}, flags...)
	s, err := start(ctx, address, "env", append(args, "udp:"+address.String())...)
	if err != nil {
		return nil, err
	}
	s.v3 = &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: address.port, Version: gosnmp.Version3, Timeout: 5 * time.Second, Context: ctx,
		SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthPriv, MaxOids: gosnmp.MaxOids,
		SecurityParameters: &gosnmp.UsmSecurityParameters{
			UserName:                 userName,
			AuthenticationProtocol:   gosnmp.SHA256,
			AuthenticationPassphrase: password,
			PrivacyProtocol:          gosnmp.AES,
			PrivacyPassphrase:        password,
		},
	}
	if err := s.v3.Connect(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// start starts a program that serves at an address with v2c, and waits until
// it answers.
func start(ctx context.Context, address netip4, name string, args ...string) (*server, error) {
	p, err := benchkit.Start(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	s := &server{Program: p, address: address}
	s.v2c = &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: address.port, Version: gosnmp.Version2c, Community: community,
		Timeout: time.Second, Context: ctx, MaxOids: gosnmp.MaxOids,
	}
	err = p.Wait(ctx, "answer", func() (bool, error) {
		if err := s.v2c.Connect(); err != nil {
			return false, err
		}
		_, err := s.v2c.Get([]string{sysName})
		return err == nil, nil // nobody listens there yet
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) stop() {
	for _, client := range []*gosnmp.GoSNMP{s.v2c, s.v3} {
		if client != nil && client.Conn != nil {
			_ = client.Conn.Close()
		}
	}
	s.Stop()
}
