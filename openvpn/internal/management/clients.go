package management

import (
	"errors"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn"
)

// undefined is what openvpn writes for a name that is not known.
const undefined = "UNDEF"

// ParseClients reads the client list from the body of status 3. The columns
// are found by their names, since they grew from version to version; one that
// lacks leaves its field empty. The body of a client, which is another, has no
// rows.
func ParseClients(body []string) ([]openvpn.ConnectedClient, error) {
	var columns map[string]int
	var clients []openvpn.ConnectedClient
	for _, line := range body {
		f := strings.Split(line, "\t")
		switch {
		case f[0] == "HEADER" && len(f) > 1 && f[1] == "CLIENT_LIST":
			columns = make(map[string]int, len(f))
			for i, name := range f[2:] {
				columns[name] = i + 1
			}
		case f[0] == "CLIENT_LIST":
			if columns == nil {
				return nil, errors.New("a client list without a heading")
			}
			clients = append(clients, parseRow(f, columns))
		}
	}
	return clients, nil
}

func parseRow(row []string, columns map[string]int) openvpn.ConnectedClient {
	field := func(name string) string {
		if i := columns[name]; i > 0 && i < len(row) && row[i] != undefined {
			return row[i]
		}
		return ""
	}
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(field(name), 10, 64)
		return n
	}
	c := openvpn.ConnectedClient{
		CID: number("Client ID"), CommonName: field("Common Name"), Username: field("Username"),
		Real: field("Real Address"), Virtual: parseAddr(field("Virtual Address")),
		Virtual6: parseAddr(field("Virtual IPv6 Address")),
		BytesIn:  number("Bytes Received"), BytesOut: number("Bytes Sent"),
		Cipher: field("Data Channel Cipher"),
	}
	if since, ok := parseTime(field("Connected Since (time_t)")); ok {
		c.Since = since
	}
	return c
}
