package openvpn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// Origin is where a file of an instance comes from.
type Origin string

// The origins.
const (
	// OriginAuthority: an own authority issues it, see [IssueFiles]; without
	// one the operator of the other end brings it.
	OriginAuthority Origin = "authority"
	// OriginHere: it is made here, see [MakeFiles].
	OriginHere Origin = "here"
	// OriginShared: one end makes it ([MakeFiles]), the other gets the same
	// over a safe way.
	OriginShared Origin = "shared"
	// OriginOther: the operator of the other end brings it.
	OriginOther Origin = "other end"
)

// NeededFile is a file that an instance names.
type NeededFile struct {
	Kind   FileKind
	Name   string
	Origin Origin
}

// NeededFiles returns the files that an instance names, by kind, and where
// they come from.
func NeededFiles(i Instance) []NeededFile {
	var all []NeededFile
	for _, kind := range slices.Sorted(maps.Keys(i.Files)) {
		f := NeededFile{Kind: kind, Name: i.Files[kind], Origin: OriginAuthority}
		switch kind {
		case FileSecret, FileTLSAuth, FileTLSCrypt:
			f.Origin = OriginShared
		case FileCert, FileKey:
			if i.Files[FileCA] == "" {
				f.Origin = OriginHere
			}
		case FileDH, FileAuthTokenSecret, FileExtraCerts:
			f.Origin = OriginOther
		}
		all = append(all, f)
	}
	return all
}

// selfSignedYears is how long the certificate of [MakeFiles] lasts: nobody
// but the other end looks at it, by its fingerprint.
const selfSignedYears = 10

// MakeFiles makes what an instance needs without an authority, and puts it
// into the store: a self-signed certificate with its key (P-256), and a
// shared key. Files that are there stay as they are. It returns the SHA-256
// fingerprint of the certificate, for peer_fingerprints of the other end,
// empty when the instance has none of its own.
func MakeFiles(i Instance, store Store) (fingerprint string, err error) {
	have, err := store.List(i.Name)
	if err != nil {
		return "", err
	}
	for _, f := range NeededFiles(i) {
		if f.Origin == OriginShared && !slices.Contains(have, f.Name) {
			if err := store.Put(i.Name, f.Name, pki.NewStaticKey().PEM()); err != nil {
				return "", err
			}
		}
	}
	cert, key := i.Files[FileCert], i.Files[FileKey]
	if cert == "" || key == "" || i.Files[FileCA] != "" {
		return "", nil
	}
	text, err := store.Get(i.Name, cert)
	if errors.Is(err, fs.ErrNotExist) {
		var id pki.Identity
		if id, err = selfSigned(i.Name, time.Now()); err != nil {
			return "", err
		}
		text = id.CertificatePEM()
		err = errors.Join(store.Put(i.Name, key, id.KeyPEM()), store.Put(i.Name, cert, text))
	}
	if err != nil {
		return "", err
	}
	certs, err := pki.ParseCertificates(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", cert, err)
	}
	return pki.Identity{Chain: certs[:1]}.Fingerprint(), nil
}

func selfSigned(name string, now time.Time) (pki.Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pki.Identity{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return pki.Identity{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(selfSignedYears, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return pki.Identity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return pki.Identity{}, err
	}
	return pki.NewIdentity(key, cert)
}

// Authority issues certificates and keys; openvpn/pki makes one.
type Authority interface {
	// CAPEM returns its own certificate as PEM.
	CAPEM() []byte
	// CRL returns its revocation list as PEM.
	CRL() ([]byte, error)
	// TLSCryptKey returns the tls-crypt key that all ends share, as openvpn
	// reads it.
	TLSCryptKey() ([]byte, error)
	// IssueServer and IssueClient make a key and a certificate for it.
	IssueServer(pki.Request) (pki.Identity, error)
	IssueClient(pki.Request) (pki.Identity, error)
}

// IssueFiles lets an authority make what an instance needs, and puts it into
// the store: certificate and key under the common name, ca, crl-verify and
// tls-crypt. Certificate and key that are there stay as they are; the others
// are brought up to date.
func IssueFiles(i Instance, commonName string, a Authority, store Store) error {
	have, err := store.List(i.Name)
	if err != nil {
		return err
	}
	put := func(kind FileKind, content []byte, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		return store.Put(i.Name, i.Files[kind], content)
	}
	if i.Files[FileCA] != "" {
		err = errors.Join(err, put(FileCA, a.CAPEM(), nil))
	}
	if i.Files[FileCRL] != "" {
		list, fault := a.CRL()
		err = errors.Join(err, put(FileCRL, list, fault))
	}
	if i.Files[FileTLSCrypt] != "" {
		key, fault := a.TLSCryptKey()
		err = errors.Join(err, put(FileTLSCrypt, key, fault))
	}
	cert, key := i.Files[FileCert], i.Files[FileKey]
	if err != nil || cert == "" || key == "" || slices.Contains(have, cert) && slices.Contains(have, key) {
		return err
	}
	issue := a.IssueClient
	if i.use() == pki.UseServer {
		issue = a.IssueServer
	}
	id, err := issue(pki.Request{Name: commonName})
	if err != nil {
		return err
	}
	return errors.Join(put(FileKey, id.KeyPEM(), nil), put(FileCert, id.CertificatePEM(), nil))
}
