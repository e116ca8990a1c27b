package openvpn

import (
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	aClient = "client\ndev tun\nremote a.example.com\nca ca.crt\nauth-user-pass\nremote-cert-tls server\n"
	aServer = "server 10.8.0.0 255.255.255.0\ndev tun\nca ca.crt\ncert c.crt\nkey c.key\n"
)

func imported(t *testing.T, text string) Imported {
	t.Helper()
	im, err := Import("demo", []byte(text))
	require.NoError(t, err)
	return im
}

// Lines that keep somebody out are not lost in silence.
func TestImportTellsWhatIsLost(t *testing.T) {
	for line, base := range map[string]string{
		"crl-verify /etc/openvpn/crl dir":              aServer,
		"auth-user-pass-verify /etc/check.sh via-env":  aServer,
		"client-connect /etc/check.sh":                 aServer,
		"plugin /usr/lib/openvpn-plugin-auth-pam.so x": aServer,
		"client-config-dir ccd":                        aServer,
		"management-client-auth":                       aServer,
		"learn-address /x":                             aServer,
		"tls-crypt \"my key\"":                         aServer,
		"verify-client-cert requires":                  aServer,
		"setenv opt tls-verify /x":                     aServer,
		"verify-x509-name /C=DE/CN=x":                  aClient,
		"tls-verify /x":                                aClient,
		"tls-remote x":                                 aClient,
		"tls-version-min 1.2.3":                        aClient,
		"verify-hash AB:CD":                            aClient,
		"peer-fingerprint AB:CD":                       aClient,
		"remote-cert-ku server":                        aClient,
		"pull-filter ignore /x":                        aClient,
	} {
		t.Run(line, func(t *testing.T) {
			im := imported(t, base+line+"\n")
			require.Len(t, im.Lost, 1)
			assert.Equal(t, strings.Count(base, "\n")+1, im.Lost[0].Number)
			assert.True(t, slices.ContainsFunc(im.Report.Of(VerdictWarned), func(l ReportLine) bool { return l.Option == im.Lost[0].Option }))
			if im.Instance.Validate() != nil {
				return // does not run anyhow
			}
			files := fstest.MapFS{"demo.conf": {Data: []byte(base + line + "\n"), Mode: 0o600}}
			content, err := fs.ReadFile(files, "demo.conf")
			require.NoError(t, err)
			u := importUnit("demo.conf", content, nil)
			assert.ErrorContains(t, u.fault, "less safe than the file means", "the folder does not run it")
		})
	}
	for _, text := range []string{
		aClient, aServer, aClient + "plugin /x.so\nup /x\nclient-config-dir x\n",
		aServer + "crl-verify /x dir\ncrl-verify crl.pem\n",
		aClient + "remote-cert-tls server\nremote-cert-tls server\n",
		aClient + "verify-hash AB\npeer-fingerprint " + strings.Repeat("AB:", 31) + "AB\n",
	} {
		assert.Empty(t, imported(t, text).Lost, text)
	}
	assert.NoError(t, importUnit("demo.conf", []byte(aServer), nil).fault)
}

// A line costs about the same wherever it stands: a file of 100 KB once took
// 18 s. Allocations are counted, since time depends on the machine.
func TestImportCostsAreInProportion(t *testing.T) {
	block := func(line string) string {
		return "<connection>\nremote a\n" + strings.Repeat(line+"\n", 4000) + "</connection>\n"
	}
	for name, text := range map[string]string{
		"options of the other role": aClient + strings.Repeat("push echo\n", 3000),
		"two large blocks":          "client\nca ca.crt\nauth-user-pass\n" + block("x") + block("y"),
		"fields":                    aClient + strings.Repeat("port 1\n", 3000),
		"unknown":                   aClient + strings.Repeat("z\n", 8000),
		"remotes":                   aClient + strings.Repeat("remote a\n", 3000),
		"options":                   aClient + strings.Repeat("echo x\n", 3000),
		"blocks":                    aClient + strings.Repeat("<connection>\nremote a\nfloat\n</connection>\n", 2400),
		"begins":                    aClient + "<ca>\n" + strings.Repeat("-----BEGIN CERTIFICATE-----\n", 3500) + "</ca>\n",
	} {
		t.Run(name, func(t *testing.T) {
			lines := float64(strings.Count(text, "\n"))
			assert.Less(t, testing.AllocsPerRun(1, func() { imported(t, text) }), 60*lines)
		})
	}
}

func TestImportReportsTheTruth(t *testing.T) {
	report := func(text string) string {
		var out strings.Builder
		for _, l := range imported(t, text).Report.Lines {
			if l.Number > strings.Count(aClient, "\n") {
				fmt.Fprintln(&out, l)
			}
		}
		return out.String()
	}
	assert.Equal(t, "line 7: proto: dropped: line 8 says it again\nline 8: proto: kept\n", report(aClient+"proto udp\nproto tcp\n"))
	assert.Equal(t, "line 7: verb: changed: stands as verb 6: more would write keys into the log\n", report(aClient+"verb 9\n"))
	assert.Contains(t, fmt.Sprint(imported(t, aClient+"server 10.8.0.0 255.255.255.0\n").Report.Of(VerdictDropped)), "line 1: client: dropped: it is a server")
	assert.Equal(t, "line 7: http-proxy-user-pass: kept\nline 11: http-proxy: changed: no file is read, the block <http-proxy-user-pass> counts\nline 12: proto: kept\n",
		report(aClient+"<http-proxy-user-pass>\nu\np\n</http-proxy-user-pass>\nhttp-proxy h 1 x basic\nproto tcp\n"))
	assert.Equal(t, "line 7: zz: dropped: openvpn 2.6 has no such option\n", report(aClient+"setenv opt zz 1\n"))
	assert.Equal(t, "line 7: http-proxy-user-pass: dropped: there is no http-proxy\n", report(aClient+"http-proxy-user-pass x\n"))
	assert.Equal(t, "line 7: ?31mred?evil: refused: openvpn 2.6 has no such option\n", report(aClient+"\u009b31mred\u202eevil\n"))
	assert.Equal(t, `line 8: remote: dropped: its block is refused
line 9: remote: dropped: its block is refused
line 10: remote: refused: stands in a line, not in a block
line 13: float: dropped: its block is refused
line 7: connection: refused: has 2 remotes, wants one
`, report(aClient+"<connection>\nremote a\nremote b\n<remote>\nx\n</remote>\nfloat\n</connection>\n"))
}

func TestImportTakesTheDirectionOfAnInlineKey(t *testing.T) {
	key := "-----BEGIN OpenVPN Static key V1-----\n" + strings.Repeat("0123456789abcdef0123456789abcdef\n", 16) + "-----END OpenVPN Static key V1-----\n"
	for _, word := range []string{"[inline]", "[[INLINE]]"} {
		im := imported(t, aClient+"tls-auth "+word+" 1\n<tls-auth>\n"+key+"</tls-auth>\n")
		assert.Equal(t, "1", im.Instance.KeyDirection, word)
		assert.Len(t, im.Files, 1)
	}
}

// No two files of an import have one name, whatever the file calls them.
func TestImportKeepsFilesApart(t *testing.T) {
	block := "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
	for range 50 { // maps come in any order
		im := imported(t, "client\ndev tun\nremote a\nca cert.crt\nkey inline-cert.crt\n<cert>\n"+block+"</cert>\n")
		names := make(map[string]bool)
		for _, name := range im.Instance.Files {
			assert.False(t, names[name], name)
			names[name] = true
		}
		assert.Equal(t, "inline-inline-cert.crt", im.Instance.Files[FileCert])
	}
	for _, name := range []string{"stdin", "none", "addresses.txt"} {
		im := imported(t, aServer+"extra-certs /x/"+name+"\n")
		assert.NotContains(t, im.Instance.Files, FileExtraCerts)
		i := im.Instance
		i.Files[FileExtraCerts] = name
		assert.ErrorContains(t, i.Validate(), "is no name of a file", name)
	}
	im := imported(t, aClient+"<extra-certs>\n"+block+strings.Replace(block, "MAA=", "M!!=", 1)+"</extra-certs>\n")
	assert.Contains(t, fmt.Sprint(im.Report.Of(VerdictRefused)), "of which 1 are damaged")
}

func TestImportOfACookie(t *testing.T) {
	im := imported(t, aServer+"tls-crypt-v2 v2.key force-cookie\n")
	assert.True(t, im.Instance.ForceCookie)
	conf, err := Render(im.Instance)
	require.NoError(t, err)
	assert.Contains(t, string(conf), "tls-crypt-v2 v2.key force-cookie\n")
	assert.False(t, imported(t, aServer+"tls-crypt-v2 v2.key allow-noncookie\n").Instance.ForceCookie)
	assert.False(t, imported(t, aClient+"tls-crypt-v2 v2.key force-cookie\n").Instance.ForceCookie)
	i := imported(t, aServer).Instance
	i.ForceCookie = true
	assert.EqualError(t, i.Validate(), "force_cookie: is for the file tls-crypt-v2")
}

// Whole file contents never get into a log.
func TestImportedShowsNoKeys(t *testing.T) {
	im := imported(t, aClient+"<key>\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n</key>\n")
	require.NotEmpty(t, im.Files)
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "import", im, "file", ClientFile{Host: "h", Key: []byte("secret")})
	assert.NotContains(t, out.String(), "Files")
	assert.NotContains(t, out.String(), "Key")
	assert.NotContains(t, fmt.Sprintf("%+v", ClientFile{Key: []byte("secret")}), "115")
}

// A file of the store that is an encrypted key where a certificate belongs
// is told, and stops nothing.
func TestCheckContentsOfEncryptedKeys(t *testing.T) {
	key := []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n")
	for _, files := range []map[FileKind]string{{FileCA: "f"}, {FileCert: "f"}, {FileCert: "f", FileCA: "f"}, {FileCert: "f", FileKey: "f", FileCA: "f"}} {
		i := Instance{Name: "demo", Files: files}
		assert.NotEmpty(t, checkContents(i, map[string][]byte{"f": key}, time.Now()))
	}
}
