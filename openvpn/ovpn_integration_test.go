package openvpn_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// program returns openvpn's path.
func program(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"/usr/sbin/openvpn", "/usr/local/sbin/openvpn"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		require.Fail(t, "openvpn is not installed")
	}
	t.Skip("openvpn is not installed")
	return ""
}

// hold runs a configuration up to the point where openvpn would open its
// device and its port, and returns what it said, and whether it got there.
func hold(t testing.TB, folder string, arguments ...string) (output string, accepted bool) {
	t.Helper()
	o := run(t, folder, false, append(arguments, "--script-security", "1"))
	return o.output, o.held
}

// operate runs a configuration until it calls the other end, or ends.
func operate(t testing.TB, folder string, arguments ...string) outcome {
	t.Helper()
	return run(t, folder, true, arguments)
}

// outcome is what a run of openvpn said, and whether it came to the point
// where it would open its device.
type outcome struct {
	output string
	held   bool
}

func run(t testing.TB, folder string, further bool, arguments []string) (o outcome) {
	t.Helper()
	path := program(t)
	sockets, err := os.MkdirTemp("", "ov") // a short path
	require.NoError(t, err)
	defer os.RemoveAll(sockets)
	socket := filepath.Join(sockets, "s")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(arguments, "--management", socket, "unix", "--management-hold",
		"--management-query-passwords")...)
	cmd.Dir = folder
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it said tells why
		close(done)
	}()
	defer func() {
		<-done
		o.output = out.String()
	}()
	for {
		select {
		case <-done:
			return o
		case <-time.After(2 * time.Millisecond):
		}
		conn, err := net.Dial("unix", socket)
		if err != nil {
			continue
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		told := bufio.NewScanner(conn)
		for told.Scan() {
			line := told.Text()
			switch {
			case strings.HasPrefix(line, ">HOLD:") && further:
				o.held = true
				_, _ = fmt.Fprint(conn, "state on\nhold release\n") // it may have ended
			case strings.HasPrefix(line, ">HOLD:"), strings.Contains(line, ",WAIT,"):
				o.held = true
				_, _ = fmt.Fprint(conn, "signal SIGTERM\n")
			case strings.HasPrefix(line, ">PASSWORD:"):
				_, _ = fmt.Fprint(conn, "username \"Auth\" \"u\"\npassword \"Auth\" \"p\"\n")
			}
		}
		return o
	}
}

// rendered writes an instance and its files into a folder.
func rendered(t testing.TB, i openvpn.Instance, files map[string][]byte) string {
	t.Helper()
	text, err := openvpn.Render(i)
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "x.conf"), text, 0o600))
	for _, name := range i.Files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), files[name], 0o600))
	}
	return folder
}

// bases are instances that differ in what options they can have.
func bases(t testing.TB) map[string]openvpn.Instance {
	files := map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCert: "server.crt", openvpn.FileKey: "server.key"}
	remotes := []openvpn.Remote{{Host: "192.0.2.1", Port: 1194}}
	with := func(base openvpn.Instance, change func(*openvpn.Instance)) openvpn.Instance {
		base.Files = maps.Clone(files)
		change(&base)
		return base
	}
	client := openvpn.Instance{Name: "c", Role: openvpn.RoleClient, Remotes: remotes}
	server := openvpn.Instance{Name: "s", Role: openvpn.RoleServer, Server: "10.8.0.0/24"}
	peer := openvpn.Instance{Name: "p", Role: openvpn.RolePeer, TLSRole: openvpn.TLSClient, Remotes: remotes,
		Ifconfig: &openvpn.Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.2"}}
	none := func(*openvpn.Instance) {}
	return map[string]openvpn.Instance{
		"client over UDP": with(client, none),
		"client over TCP": with(client, func(i *openvpn.Instance) { i.Protocol = openvpn.ProtocolTCP }),
		"client with proxy": with(client, func(i *openvpn.Instance) {
			i.Protocol, i.Proxy = openvpn.ProtocolTCP, &openvpn.Proxy{Host: "192.0.2.9"}
		}),
		"client with tap":  with(client, func(i *openvpn.Instance) { i.DeviceType = openvpn.DeviceTap }),
		"server over UDP":  with(server, none),
		"server over TCP":  with(server, func(i *openvpn.Instance) { i.Protocol = openvpn.ProtocolTCP }),
		"server with IPv6": with(server, func(i *openvpn.Instance) { i.ServerIPv6, i.Protocol = "fd00:8::/64", openvpn.ProtocolUDP6 }),
		"server with tap":  with(server, func(i *openvpn.Instance) { i.DeviceType = openvpn.DeviceTap }),
		"server with VLANs": with(server, func(i *openvpn.Instance) {
			i.DeviceType, i.Options = openvpn.DeviceTap, []openvpn.Option{{Name: "vlan-tagging"}}
		}),
		"server with users": with(server, func(i *openvpn.Instance) {
			i.Users = []openvpn.User{{Name: "joe", Password: openvpn.NewSecret("pass")}}
		}),
		"server, own pool": with(server, func(i *openvpn.Instance) { i.ServerNoPool = true }),
		"peer over UDP":    with(peer, none),
		"peer over TCP":    with(peer, func(i *openvpn.Instance) { i.Protocol = openvpn.ProtocolTCP }),
		"peer that waits": with(peer, func(i *openvpn.Instance) {
			i.Remotes, i.TLSRole = nil, openvpn.TLSServer
		}),
		"peer with static key": with(peer, func(i *openvpn.Instance) {
			i.TLSRole, i.Files = "", map[openvpn.FileKind]string{openvpn.FileSecret: "secret.key"}
			i.Options = []openvpn.Option{{Name: "cipher", Args: []string{"AES-256-CBC"}}}
		}),
	}
}

// sample returns values that a parameter takes: the least and the most.
func sample(o openvpn.OptionInfo) [][]string {
	special := map[string][][]string{
		"keepalive":                {{"10", "60"}, {"1", "2"}},
		"dns":                      {{"search-domains", "example.com"}, {"server", "0", "address", "192.0.2.53", "2001:db8::53"}, {"server", "1", "address", "192.0.2.53"}},
		"http-proxy-option":        {{"VERSION", "1.1"}, {"AGENT", "field gate"}, {"CUSTOM-HEADER", "X-A", "b c"}},
		"keying-material-exporter": {{"EXPORTER field gate", "32"}},
		"verify-hash":              {{strings.Repeat("AB:", 19) + "AB"}, {strings.Repeat("AB:", 31) + "AB", "SHA256"}},
		"reneg-sec":                {{"3600"}, {"0"}, {"3600", "3000"}},
		"connect-retry":            {{"1"}, {"5", "300"}},
		"push":                     {{"route 192.0.2.0 255.255.255.0"}, {`dhcp-option DOMAIN "a b"`}},
		"tls-cipher":               {{"TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384"}, {"DEFAULT:@SECLEVEL=0"}},
		"tls-ciphersuites":         {{"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"}},
		"tls-groups":               {{"X25519:secp384r1"}},
		"ecdh-curve":               {{"secp384r1"}},
		"remote-cert-eku":          {{"TLS Web Server Authentication"}, {"1.3.6.1.5.5.7.3.1"}},
		"x509-track":               {{"CN"}, {"+CN"}},
		"x509-username-field":      {{"CN"}, {"emailAddress"}},
		"dhcp-option":              {{"DNS", "192.0.2.53"}, {"DOMAIN", "example.com"}},
		"route-ipv6":               {{"2001:db8::/32"}, {"2001:db8::/32", "fd00::1", "5"}},
		"ifconfig-pool":            {{"10.8.0.10", "10.8.0.20"}, {"10.8.0.10", "10.8.0.20", "255.255.255.0"}},
		"data-ciphers":             {{"AES-256-GCM"}, {"AES-256-GCM:?DES-EDE3-CBC:CHACHA20-POLY1305"}},
		"compat-mode":              {{"2.4.0"}},
		"ifconfig-push-constraint": {{"10.8.0.0", "255.255.255.0"}},
		"client-nat":               {{"snat", "10.64.0.0", "255.255.0.0", "10.64.0.0"}},
		"fragment":                 {{"1300"}, {"1300", "mtu"}, {"68"}},
	}
	if s := special[o.Name]; s != nil {
		return s
	}
	var all [][]string
	for _, most := range []bool{false, true} {
		var args []string
		for _, p := range o.Params {
			if p.Optional && !most {
				break
			}
			args = append(args, sampleOf(p, most))
		}
		if all = append(all, args); len(o.Params) == 0 {
			break
		}
	}
	if len(o.Params) == 1 && o.Params[0].Kind == openvpn.KindWord {
		for _, word := range o.Params[0].Words {
			all = append(all, []string{word})
		}
	}
	return all
}

func sampleOf(p openvpn.Param, most bool) string {
	if len(p.Words) > 0 && (p.Kind == openvpn.KindWord || most) {
		return p.Words[0]
	}
	switch p.Kind {
	case openvpn.KindNumber:
		if most {
			return fmt.Sprint(p.Max)
		}
		return fmt.Sprint(p.Min)
	case openvpn.KindPrefix6:
		return "2001:db8::/64"
	case openvpn.KindIPv4:
		return "192.0.2.0"
	case openvpn.KindNetmask:
		return "255.255.255.0"
	case openvpn.KindIPv6:
		return "2001:db8::1"
	case openvpn.KindDigest:
		return "SHA256"
	case openvpn.KindCipher:
		return "AES-256-CBC"
	case openvpn.KindHex:
		return "a0"
	case openvpn.KindText:
		return `it's "a" \ text; # really`
	}
	return "text"
}

// credentials are the files of bases.
func credentials(t testing.TB) map[string][]byte {
	key := "-----BEGIN OpenVPN Static key V1-----\n" + strings.Repeat(hex.EncodeToString([]byte("0123456789abcdef"))+"\n", 16) + "-----END OpenVPN Static key V1-----\n"
	files := map[string][]byte{"secret.key": []byte(key), "ta.key": []byte(key)}
	for _, name := range []string{"ca.crt", "server.crt", "server.key"} {
		text, err := os.ReadFile(filepath.Join("testdata", "pki", name))
		require.NoError(t, err)
		files[name] = text
	}
	return files
}

// Every option of the catalogue, with its least and its most, is taken by
// openvpn in every instance in which our own checks take it, and each is taken
// in one at least.
func TestIntegrationEveryOptionIsAccepted(t *testing.T) {
	program(t)
	files, instances := credentials(t), bases(t)
	taken := make(map[string]int)
	slots := make(chan struct{}, 4)
	var offered []string
	t.Run("options", func(t *testing.T) {
		for _, o := range openvpn.Catalogue() {
			if !o.Main {
				continue
			}
			offered = append(offered, o.Name)
			for n, args := range sample(o) {
				for _, name := range slices.Sorted(maps.Keys(instances)) {
					i := instances[name]
					i.Options = append(slices.Clone(i.Options), openvpn.Option{Name: o.Name, Args: args})
					if i.Validate() != nil {
						continue
					}
					taken[fmt.Sprint(o.Name, n)]++
					if taken[fmt.Sprint(o.Name, n)] > 1 && (n > 0 || !slices.Contains(apart(), o.Name)) {
						continue // TestIntegrationOptionsAreAcceptedTogether tries the others in each
					}
					t.Run(fmt.Sprintf("%s %v in %s", o.Name, args, name), func(t *testing.T) {
						t.Parallel()
						slots <- struct{}{}
						defer func() { <-slots }()
						arguments := []string{"--config", "x.conf"}
						if len(i.Users) > 0 { // as the runner asks for them
							arguments = append(arguments, "--management-client-auth")
						}
						output, ok := hold(t, rendered(t, i, files), arguments...)
						assert.True(t, ok, "%s", output)
					})
				}
				assert.NotZero(t, taken[fmt.Sprint(o.Name, n)], "no instance takes %s %v", o.Name, args)
			}
		}
	})
	assert.Greater(t, len(offered), 100)
}
