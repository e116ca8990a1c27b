//go:build no_ipsec

package main

import (
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

const (
	withIPsec                   = false
	charonSocket, xl2tpdProgram = "", ""
)

// channel is of no use without IPsec.
type channel struct{ units *supervisor }

func (g *gateway) ipsecUnit(document.Document, backends) unit { return without("ipsec") }

func (g *gateway) l2tpUnit(document.Document, backends) unit { return without("l2tp") }

func (g *gateway) realIKE() ipsec.Backend { return nil }

func (g *gateway) realPPP() (l2tp.Backend, error) { return nil, leftOut("l2tp") }
