package strongswan

import "strings"

// names makes charon's names of ours and back: the owner, a dash, and the name
// of the connection, which has no dash itself.
type names struct{ owner string }

func (n names) charon(connection string) string { return n.owner + "-" + connection }

// ours returns the connection of a name of charon's, and whether it is one of
// this owner.
func (n names) ours(charon string) (string, bool) { return strings.CutPrefix(charon, n.owner+"-") }

// bypass is the name of the child that keeps subnets out of the tunnel.
func (n names) bypass(connection string) string { return n.charon(connection) + "-bypass" }
