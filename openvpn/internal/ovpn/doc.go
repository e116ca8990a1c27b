// Package ovpn reads openvpn's configuration text exactly as openvpn 2.6
// does: its lines, quoting, comments and inline blocks, with all the limits
// that a file can use to show a reader something else than what openvpn sees.
// It also writes words so that openvpn reads them back unchanged. It knows no
// option but by the shape of its line.
package ovpn
