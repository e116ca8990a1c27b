package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// The files of the keys that all clients of an authority share with servers.
const (
	tlsCryptFile   = "tls-crypt.key"
	tlsCryptV2File = "tls-crypt-v2-server.key"
)

// TLSCryptKey gives away the tls-crypt key of the authority's servers and
// clients (one for all), in the form that openvpn reads. The first call makes
// it.
func (a *Authority) TLSCryptKey() ([]byte, error) {
	text, err := a.kept(tlsCryptFile, func() []byte { return NewStaticKey().PEM() })
	if err == nil {
		_, err = ParseStaticKey(text)
	}
	if err != nil {
		return nil, fmt.Errorf("pki: tls-crypt key: %w", err)
	}
	return text, nil
}

// TLSCryptV2ServerKey gives away the tls-crypt-v2 key of the authority's
// servers, in the form that openvpn reads. The first call makes it.
func (a *Authority) TLSCryptV2ServerKey() ([]byte, error) {
	key, err := a.tlsCryptV2()
	if err != nil {
		return nil, fmt.Errorf("pki: tls-crypt-v2 server key: %w", err)
	}
	return key.PEM(), nil
}

// TLSCryptV2ClientKey makes a tls-crypt-v2 key for one client, which servers
// with TLSCryptV2ServerKey accept, in the form that openvpn reads. It is kept
// nowhere: each call makes another.
func (a *Authority) TLSCryptV2ClientKey() ([]byte, error) {
	server, err := a.tlsCryptV2()
	if err == nil {
		var client TLSCryptV2ClientKey
		if client, err = server.NewClientKey(time.Now()); err == nil {
			return client.PEM(), nil
		}
	}
	return nil, fmt.Errorf("pki: tls-crypt-v2 client key: %w", err)
}

func (a *Authority) tlsCryptV2() (TLSCryptV2ServerKey, error) {
	text, err := a.kept(tlsCryptV2File, func() []byte { return NewTLSCryptV2ServerKey().PEM() })
	if err != nil {
		return TLSCryptV2ServerKey{}, err
	}
	return ParseTLSCryptV2ServerKey(text)
}

// kept returns a file, which it makes when there is none.
func (a *Authority) kept(name string, create func() []byte) (text []byte, err error) {
	unlock, err := lock(a.dir.at(lockFile))
	if err != nil {
		return nil, err
	}
	defer unlock()
	text, err = a.dir.read(maxText, name)
	if errors.Is(err, fs.ErrNotExist) {
		text = create()
		err = a.dir.write(text, name)
	}
	return text, err
}
