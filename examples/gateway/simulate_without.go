//go:build no_simulate

package main

import "github.com/fieldgate/fieldgate/examples/gateway/document"

// simulatedBackends is not reached: there is no device to play.
func (g *gateway) simulatedBackends() func(document.Document) backends { return g.realBackends }
