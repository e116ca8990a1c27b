package pages_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
)

// BenchmarkPage is a page with 100 connections, 100 instances and 64 ports.
func BenchmarkPage(b *testing.B) {
	dir := b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte("{}\n"), 0o600))
	store, err := confstore.Open(confstore.Disk(dir), confstore.Options{})
	require.NoError(b, err)
	gateway := control.New(store, &engine{}, slog.New(slog.DiscardHandler))
	gateway.Boot()
	defer gateway.Close()
	_, err = gateway.Save(b.Context(), "anna", "many", 1, many(b))
	require.NoError(b, err)
	_, err = gateway.Apply(b.Context(), "anna", 0)
	require.NoError(b, err)
	p, err := pages.New(pages.Options{Control: gateway, Live: live{}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	for _, path := range []string{"/", "/ipsec", "/openvpn", "/ser2net", "/config", "/ipsec/connections/c7"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				request := httptest.NewRequestWithContext(account.With(b.Context(), account.User{Name: "anna", Role: account.Admin}), http.MethodGet, path, nil)
				answer := httptest.NewRecorder()
				p.ServeHTTP(answer, request)
				if answer.Code != http.StatusOK {
					b.Fatal(answer.Code)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
			}
		})
	}
}

// many is a configuration with many records.
func many(b *testing.B) document.Document {
	doc := document.Default()
	doc.IPsec.Phase1Proposals = []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}}
	doc.IPsec.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256GCM}}
	for i := range 100 {
		doc.IPsec.Connections = append(doc.IPsec.Connections, ipsec.Connection{
			Name: fmt.Sprintf("c%d", i), Enabled: true, Gateway: fmt.Sprintf("192.0.2.%d", i+1), PreSharedKey: ipsec.NewSecret(fmt.Sprintf("thebigsecret%d", i)),
			Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}, RemoteSubnets: ipsec.Subnets{fmt.Sprintf("10.2.%d.0/24", i)},
		})
		instance, err := openvpn.FromRecipe("client_tun", openvpn.Answers{Name: fmt.Sprintf("i%d", i), Remote: "vpn.example.org"})
		require.NoError(b, err)
		doc.OpenVPN.Instances = append(doc.OpenVPN.Instances, instance)
	}
	for i := range 64 {
		port := ser2net.DefaultPort()
		port.Name, port.Device, port.Listen = fmt.Sprintf("p%d", i), fmt.Sprintf("/dev/ttyS%d", i), fmt.Sprintf("127.0.0.1:%d", 16000+i)
		doc.Ser2net.Ports = append(doc.Ser2net.Ports, port)
	}
	return doc
}
