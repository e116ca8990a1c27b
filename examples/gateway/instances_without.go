//go:build no_openvpn

package main

import (
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/openvpn"
)

const withOpenVPN = false

func (g *gateway) openvpnUnit(document.Document, backends) unit { return without("openvpn") }

func (g *gateway) realRunner() (openvpn.Runner, error) { return nil, leftOut("openvpn") }

func (g *gateway) realFiles() (openvpn.Store, error) { return nil, leftOut("openvpn") }
