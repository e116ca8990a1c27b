//go:build no_snmp

package main

import (
	"context"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/snmp"
)

const withSNMP = false

func (g *gateway) snmpUnit(document.Document, backends) unit { return without("snmp") }

func (g *gateway) mounts(context.Context, api.System) []snmp.Mount { return nil }
