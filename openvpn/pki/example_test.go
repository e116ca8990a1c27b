package pki_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// temporary returns a folder for an example.
func temporary() (path string, remove func()) {
	path, err := os.MkdirTemp("", "pki")
	if err != nil {
		log.Fatal(err)
	}
	return path, func() { _ = os.RemoveAll(path) }
}

// An operator makes an authority, a server and a client, and hands the client
// what belongs into its configuration.
func Example() {
	folder, remove := temporary()
	defer remove()
	ca, err := pki.CreateAuthority(filepath.Join(folder, "ca"), pki.AuthorityConfig{Name: "Plant 7"})
	if err != nil {
		log.Fatal(err)
	}
	server, err := ca.IssueServer(pki.Request{Name: "gate.example.org"})
	if err != nil {
		log.Fatal(err)
	}
	client, err := ca.IssueClient(pki.Request{Name: "laptop-3"})
	if err != nil {
		log.Fatal(err)
	}
	key, err := ca.TLSCryptV2ClientKey()
	if err != nil {
		log.Fatal(err)
	}
	inline := map[string][]byte{
		"ca": client.CAPEM(), "cert": client.CertificatePEM(), "key": client.KeyPEM(), "tls-crypt-v2": key,
	}
	fmt.Println(server)
	fmt.Println(client)
	fmt.Println(len(inline), "inline blocks")
	// Output:
	// identity "gate.example.org" (1 in chain, 1 CA, private key [redacted])
	// identity "laptop-3" (1 in chain, 1 CA, private key [redacted])
	// 4 inline blocks
}

// A web page lists all certificates, and what must be seen to.
func Example_page() {
	folder, remove := temporary()
	defer remove()
	ca, err := pki.CreateAuthority(filepath.Join(folder, "ca"), pki.AuthorityConfig{})
	if err != nil {
		log.Fatal(err)
	}
	for name, lifetime := range map[string]time.Duration{"laptop-3": 2 * 365 * 24 * time.Hour, "visitor": 48 * time.Hour} {
		if _, err := ca.IssueClient(pki.Request{Name: name, Lifetime: pki.Duration(lifetime)}); err != nil {
			log.Fatal(err)
		}
	}
	now := time.Now()
	list, err := ca.List()
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range list {
		fmt.Println(c.Name, c.Use, c.State(now))
	}
	findings, err := ca.Check(now)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f.Severity, f.Subject, "in", f.At.Sub(now).Round(time.Hour))
	}
	// Unordered output:
	// laptop-3 client valid
	// visitor client ends soon
	// warning visitor in 48h0m0s
}

// A lost laptop is locked out by the serial number that its page shows, and
// a certificate that ends is replaced.
func Example_revoke() {
	folder, remove := temporary()
	defer remove()
	ca, err := pki.CreateAuthority(filepath.Join(folder, "ca"), pki.AuthorityConfig{})
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := ca.IssueClient(pki.Request{Name: "laptop-3"})
	if err != nil {
		log.Fatal(err)
	}
	pump, err := ca.IssueClient(pki.Request{Name: "pump"})
	if err != nil {
		log.Fatal(err)
	}
	serial, err := pki.ParseSerial(string(laptop.Serial()))
	if err != nil {
		log.Fatal(err)
	}
	if err := ca.Revoke(serial); err != nil {
		log.Fatal(err)
	}
	if _, err := ca.Renew(pump.Serial()); err != nil {
		log.Fatal(err)
	}
	text, err := ca.CRL()
	if err != nil {
		log.Fatal(err)
	}
	crl, err := pki.ParseCRL(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(crl.RevokedCertificateEntries), "revoked: the laptop, and the pump's old certificate")
	// Output:
	// 2 revoked: the laptop, and the pump's old certificate
}

// A certificate from another authority comes as PKCS#12, is judged, and kept.
func ExampleDecodePKCS12() {
	folder, remove := temporary()
	defer remove()
	ca, err := pki.CreateAuthority(filepath.Join(folder, "ca"), pki.AuthorityConfig{})
	if err != nil {
		log.Fatal(err)
	}
	issued, err := ca.IssueClient(pki.Request{Name: "pump", Key: pki.RSA2048})
	if err != nil {
		log.Fatal(err)
	}
	file, err := pki.EncodePKCS12(issued, "one of 32 random digits")
	if err != nil {
		log.Fatal(err)
	}

	id, err := pki.DecodePKCS12(file, "one of 32 random digits")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range id.Check(pki.UseServer, time.Now()) {
		fmt.Println(f)
	}
	store, err := pki.OpenStore(filepath.Join(folder, "identities"))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Put("pump", id); err != nil {
		log.Fatal(err)
	}
	list, err := store.List()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(list[0].Name, list[0].Key)
	// Output:
	// fault: pump: it is no server's (extended key usage without serverAuth)
	// pump RSA 2048
}

// Beside the tunnels, the authority is kept in order, and servers get each
// new revocation list: openvpn reads the file at the next handshake.
func ExampleOpenAuthority() {
	folder, remove := temporary()
	defer remove()
	if _, err := pki.CreateAuthority(filepath.Join(folder, "ca"), pki.AuthorityConfig{}); err != nil {
		log.Fatal(err)
	}

	ca, err := pki.OpenAuthority(filepath.Join(folder, "ca"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	err = ca.Run(ctx, pki.RunOptions{OnCRL: func(crl []byte) error {
		fmt.Println("a list for the servers")
		stop() // a gateway goes on until it ends itself
		return nil
	}})
	fmt.Println(err)
	// Output:
	// a list for the servers
	// context canceled
}
