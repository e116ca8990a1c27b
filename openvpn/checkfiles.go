package openvpn

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// CheckFiles looks into the store for the files that an instance names, and
// tells which are missing or wrong, and which certificates end within 30 days
// of now (CAs: 180). Paths are like "files[cert]".
func CheckFiles(i Instance, store Store, now time.Time) []Warning {
	have := make(map[string][]byte)
	w := &warner{Instance: i}
	for _, kind := range slices.Sorted(maps.Keys(i.Files)) {
		name := i.Files[kind]
		content, err := store.Get(i.Name, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			w.add(atFile(kind), "%s is not in the store: upload it, or let it be made", name)
		case err != nil:
			w.add(atFile(kind), "%s cannot be read: %v", name, err)
		default:
			have[name] = content
		}
	}
	return append(w.all, checkContents(i, have, now)...)
}

// checkContents judges the certificates and the key among the files of an
// instance. PKCS#12 files are not looked into.
func checkContents(i Instance, files map[string][]byte, now time.Time) []Warning {
	w := &warner{Instance: i}
	cert, key, ca := files[i.Files[FileCert]], files[i.Files[FileKey]], files[i.Files[FileCA]]
	if cert == nil {
		w.judge(atFile(FileCA), now, ca)
		return w.all
	}
	w.judge(atFile(FileCert), now, cert, key, ca)
	return w.all
}

// certificatesOf leaves all but the certificates out.
func certificatesOf(texts [][]byte) [][]byte {
	var out [][]byte
	for _, text := range texts {
		if clean, err := cleanPEM(string(text), maxCertificates, "CERTIFICATE", "X509 CERTIFICATE"); err == nil {
			out = append(out, clean)
		}
	}
	return out
}

func atFile(kind FileKind) string { return fmt.Sprintf("files[%s]", kind) }

// use is what the own certificate is for.
func (i Instance) use() pki.Use {
	if i.role() == RoleServer || i.TLSRole == TLSServer {
		return pki.UseServer
	}
	return pki.UseClient
}

// judge adds what is the matter with a certificate, its key and the CAs.
// When the key is encrypted only dates are judged.
func (w *warner) judge(at string, now time.Time, texts ...[]byte) {
	texts = slices.DeleteFunc(texts, func(text []byte) bool { return text == nil })
	if len(texts) == 0 {
		return
	}
	datesOnly := w.Files[FileCert] == ""
	id, err := pki.ParsePEM(texts...)
	if errors.Is(err, pki.ErrEncrypted) {
		if w.KeyPassword.IsZero() {
			w.add("key_password", "required: the private key is encrypted")
		}
		datesOnly = true
		id, err = pki.ParsePEM(certificatesOf(texts)...)
	}
	if err != nil {
		w.add(at, "%v", err)
		return
	}
	for _, f := range id.Check(w.use(), now) {
		if !datesOnly || !f.At.IsZero() {
			w.add(at, "%s: %s", f.Subject, f.Text)
		}
	}
}
