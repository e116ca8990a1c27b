package openvpn

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// inlineNames returns the base name that a block gets in the store.
func inlineNames() map[FileKind]string {
	return map[FileKind]string{
		FileCA: "ca.crt", FileCert: "cert.crt", FileKey: "cert.key", FilePKCS12: "bundle.p12", FileDH: "dh.pem",
		FileCRL: "crl.pem", FileTLSAuth: "tls-auth.key", FileTLSCrypt: "tls-crypt.key", FileTLSCryptV2: "tls-crypt-v2.key",
		FileSecret: "secret.key", FileExtraCerts: "extra.crt", FileAuthTokenSecret: "auth-token.key",
	}
}

// file takes a file over that a line names or holds.
func (im *importer) file(line ovpn.Line, kind FileKind) {
	if line.Inline {
		im.inlineFile(line, kind)
		return
	}
	args := line.Args()
	if len(args) == 0 || len(args) > 2 {
		im.say(line, VerdictRefused, "names no file")
		return
	}
	if args[0] == "[inline]" || args[0] == "[[INLINE]]" {
		switch {
		case len(args) < 2:
			im.say(line, VerdictDropped, "the block <%s> holds it", kind)
		case im.secondWord(line, kind, args[1]): // which counts, though the name does not
			im.report.add(line.Number, "key-direction", VerdictChanged, "%s; the block <%s> holds the key", show(args[1]), kind)
		}
		return
	}
	if kind == FileDH && args[0] == "none" {
		im.say(line, VerdictKept, "")
		return
	}
	name := args[0]
	if n := strings.LastIndexAny(name, `/\`); n >= 0 {
		name = name[n+1:]
	}
	if !validBase(name) {
		im.say(line, VerdictRefused, baseRule, show(name))
		return
	}
	if _, taken := im.files[name]; taken {
		im.say(line, VerdictRefused, "%s is the name of an inline block here; rename the file", name)
		return
	}
	if len(args) == 2 && !im.secondWord(line, kind, args[1]) {
		return
	}
	im.forget(kind)
	im.inst.Files[kind] = name
	if name != args[0] {
		im.say(line, VerdictChanged, "only files of the instance are read: upload it as %s", name)
		return
	}
	im.say(line, VerdictKept, "the file must be uploaded")
}

// secondWord takes what stands behind the name of a file.
func (im *importer) secondWord(line ovpn.Line, kind FileKind, word string) bool {
	switch {
	case (kind == FileTLSAuth || kind == FileSecret) && (word == "0" || word == "1"):
		im.inst.KeyDirection = word
	case kind == FileTLSCryptV2 && (word == "allow-noncookie" || word == "force-cookie"):
		im.inst.ForceCookie = word == "force-cookie"
	case kind == FileTLSCrypt: // openvpn takes any word there for nothing
	default:
		im.say(line, VerdictRefused, "%q cannot follow the name of the file", show(word))
		return false
	}
	return true
}

func (im *importer) inlineFile(line ovpn.Line, kind FileKind) {
	content, err := cleanFile(kind, line.Block)
	if err != nil {
		im.say(line, VerdictRefused, "%v", err)
		return
	}
	im.forget(kind)
	name := inlineNames()[kind]
	for im.named(name) {
		name = "inline-" + name
	}
	im.inst.Files[kind], im.files[name] = name, content
	im.say(line, VerdictKept, "")
}

// named reports whether a file has a name.
func (im *importer) named(name string) bool {
	for _, used := range im.inst.Files {
		if used == name {
			return true
		}
	}
	return false
}

// forget drops what an earlier line said about a file.
func (im *importer) forget(kind FileKind) {
	delete(im.files, im.inst.Files[kind])
	delete(im.inst.Files, kind)
}

// maxCertificates bounds those, and the revocation lists, of one file.
const maxCertificates = 1000

// cleanFile returns the content of a block without anything that does not
// belong to it.
func cleanFile(kind FileKind, block string) ([]byte, error) {
	switch kind {
	case FileCA, FileCert, FileExtraCerts:
		return cleanPEM(block, maxCertificates, "CERTIFICATE", "X509 CERTIFICATE")
	case FileKey:
		return cleanPEM(block, 1, "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
	case FileDH:
		return cleanPEM(block, 1, "DH PARAMETERS")
	case FileCRL:
		return cleanPEM(block, maxCertificates, "X509 CRL")
	case FileTLSCryptV2:
		return cleanPEM(block, 1, "OpenVPN tls-crypt-v2 client key", "OpenVPN tls-crypt-v2 server key")
	case FileAuthTokenSecret:
		return cleanPEM(block, 1, "OpenVPN auth-token server key")
	case FilePKCS12:
		return cleanPKCS12(block)
	}
	return cleanStaticKey(block)
}

// cleanPEM returns the PEM blocks of some types.
func cleanPEM(text string, most int, types ...string) ([]byte, error) {
	var trimmed []byte
	for line := range strings.Lines(text) {
		trimmed = append(trimmed, strings.TrimSpace(line)...)
		trimmed = append(trimmed, '\n')
	}
	var out bytes.Buffer
	count := 0
	for {
		block, rest := pem.Decode(trimmed)
		if block == nil {
			break
		}
		trimmed = rest
		if !slices.Contains(types, block.Type) {
			continue
		}
		clean := &pem.Block{Type: block.Type, Bytes: block.Bytes}
		if info := block.Headers["DEK-Info"]; info != "" { // an encrypted key
			clean.Headers = map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": info}
		}
		if err := pem.Encode(&out, clean); err != nil {
			return nil, err
		}
		count++
	}
	begun := 0
	for _, t := range types {
		begun += strings.Count(text, "-----BEGIN "+t+"-----")
	}
	switch {
	case count == 0:
		return nil, fmt.Errorf("holds no %s in PEM form", types[0])
	case count < begun:
		return nil, fmt.Errorf("holds %d of %s, of which %d are damaged", begun, types[0], begun-count)
	case count > most:
		return nil, fmt.Errorf("holds %d of %s, want one", count, types[0])
	}
	return out.Bytes(), nil
}

// cleanStaticKey returns a static key of openvpn: 256 bytes in hexadecimal.
func cleanStaticKey(text string) ([]byte, error) {
	const begin, end = "-----BEGIN OpenVPN Static key V1-----", "-----END OpenVPN Static key V1-----"
	_, rest, ok := strings.Cut(text, begin)
	body, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return nil, errors.New("holds no static key of openvpn")
	}
	key, err := hex.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil || len(key) != 256 {
		return nil, errors.New("is no whole static key: want 512 hexadecimal digits")
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, begin)
	for row := range slices.Chunk(key, 16) {
		fmt.Fprintf(&out, "%x\n", row)
	}
	fmt.Fprintln(&out, end)
	return out.Bytes(), nil
}

func cleanPKCS12(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(raw) < 2 || raw[0] != 0x30 {
		return nil, errors.New("holds no PKCS#12 in base64")
	}
	return raw, nil
}

// block takes an inline block over that is no file.
func (im *importer) block(line ovpn.Line) {
	words := strings.Fields(line.Block)
	switch line.Name() {
	case "verify-hash":
		if len(words) != 1 {
			im.say(line, VerdictRefused, "only one hash can be given; use peer-fingerprint")
			return
		}
		im.offered(line, "verify-hash", words)
	default:
		im.say(line, VerdictRefused, "stands in a line, not in a block")
	}
}

// login returns the user name and password of a block.
func login(block string) (name, password string, err error) {
	rows := strings.Split(strings.ReplaceAll(block, "\r", ""), "\n")
	if len(rows) < 2 || rows[0] == "" || rows[1] == "" {
		return "", "", errors.New("holds no user name and password on two lines")
	}
	for _, text := range rows[:2] {
		if len(text) > maxLogin || strings.ContainsFunc(text, isControl) {
			return "", "", fmt.Errorf("user name and password have up to %d bytes and no control characters", maxLogin)
		}
	}
	return rows[0], rows[1], nil
}
