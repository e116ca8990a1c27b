package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// key is the pre-shared key of the one tunnel that comes up.
const key = "thebigsecret"

// definitions returns n tunnels, all different, to gateways that nobody asks;
// without pre-shared keys, which nobody loads.
func definitions(n int) ([]ipsec.Definition, error) {
	c := ipsec.Config{
		Enabled:         true,
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "p1", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "p2", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256}},
	}
	for i := range n {
		c.Connections = append(c.Connections, ipsec.Connection{
			Name: fmt.Sprint("site", i), Enabled: true, Gateway: gateway(i), LocalID: "near", RemoteID: fmt.Sprint("far", i),
			LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{subnet(i)},
			PreSharedKey: ipsec.NewSecret(key), Phase1: ipsec.Names{"p1"}, Phase2: ipsec.Names{"p2"}, StartAction: ipsec.StartNone,
		})
	}
	r, err := c.Resolve(time.Now())
	if err == nil && len(r.Definitions) != n {
		err = fmt.Errorf("%d definitions of %d connections", len(r.Definitions), n)
	}
	for i := range r.Definitions {
		r.Definitions[i].PreSharedKey = ipsec.Secret{}
	}
	return r.Definitions, err
}

func gateway(i int) string { return fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250+1) }
func subnet(i int) string  { return fmt.Sprintf("10.%d.%d.0/24", 20+i/250, i%250) }

// entry is a tunnel as swanctl.conf has it, with the same settings as ours.
const entry = `  %s {
    version = 2
    mobike = no
    %s
    remote_addrs = %s
    proposals = aes256-sha256-modp2048
    rekey_time = 3240
    over_time = 360
    rand_time = 360
    fragmentation = yes
    local {
      auth = psk
      id = %s
    }
    remote {
      auth = psk
      id = %s
    }
    children {
      %[1]s {
        mode = tunnel
        local_ts = %[6]s
        remote_ts = %[7]s
        esp_proposals = aes128-sha256
        rekey_time = 9720
        life_time = 10800
        rand_time = 1080
        start_action = none
      }
    }
  }
`

// conf is a swanctl.conf with n such tunnels.
func conf(n int) string {
	var b strings.Builder
	b.WriteString("connections {\n")
	for i := range n {
		fmt.Fprintf(&b, entry, fmt.Sprint("site", i), "", gateway(i), "near", fmt.Sprint("far", i), "10.10.12.0/24", subnet(i))
	}
	b.WriteString("}\n")
	return b.String()
}

// end is a swanctl.conf with one end of the tunnel that comes up.
func end(local, remote, localID, remoteID, localNet, remoteNet string) string {
	return "connections {\n" + fmt.Sprintf(entry, "demo0", "local_addrs = "+local, remote, localID, remoteID, localNet, remoteNet) +
		fmt.Sprintf("}\nsecrets {\n  ike-demo0 {\n    secret = %s\n    id-1 = %s\n    id-2 = %s\n  }\n}\n", key, localID, remoteID)
}
