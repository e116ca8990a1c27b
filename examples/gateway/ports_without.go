//go:build no_ser2net

package main

import (
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ser2net"
)

const withSer2net = false

type ports struct{}

func (g *gateway) ser2netUnit(document.Document, backends) unit { return without("ser2net") }

func (g *gateway) newPorts(ser2net.Config, ser2net.Opener) (service, error) {
	return nil, leftOut("ser2net")
}
