package firmware

import (
	"context"
	"io"
	"time"

	"aead.dev/minisign"
)

// Part is a file that an injected Create returns.
type Part = part

// Faults replaces how u uses its folder; a nil field leaves it as it is.
type Faults struct {
	Create func(dir string) (Part, error)
	Rename func(from, to string) error
	Sync   func(dir string) error
	Free   func(dir string) (uint64, error)
}

// Inject lets the folder of u have faults.
func Inject(u *Upgrade, f Faults) {
	if f.Create != nil {
		u.folder.create = f.Create
	}
	if f.Rename != nil {
		u.folder.rename = f.Rename
	}
	if f.Sync != nil {
		u.folder.sync = f.Sync
	}
	if f.Free != nil {
		u.folder.free = f.Free
	}
}

// Create is what a folder uses when it is left as it is.
func Create(dir string) (Part, error) { return newFolder(dir).create(dir) }

// Settle changes how long apply waits for a command that does not end.
func Settle(u *Upgrade, d time.Duration) { u.settle = d }

// CompareVersions compares the texts of two versions.
func CompareVersions(a, b string) (int, error) {
	v, err := parseVersion(a)
	if err != nil {
		return 0, err
	}
	w, err := parseVersion(b)
	if err != nil {
		return 0, err
	}
	return v.compare(w), nil
}

// ReadContainer reads a file as Receive does, without a folder.
func ReadContainer(r io.Reader, key minisign.PublicKey) (image []byte, err error) {
	c := newContainer(context.Background(), r)
	text, err := c.signature()
	if err != nil {
		return nil, err
	}
	sig, err := readSignature(text, []minisign.PublicKey{key})
	if err != nil {
		return nil, err
	}
	member, err := c.image(sig.manifest.size)
	if err != nil {
		return nil, err
	}
	hashed := minisign.NewReader(member)
	if image, err = io.ReadAll(hashed); err != nil {
		return nil, c.fault(err)
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	if !hashed.Verify(sig.key, sig.text) {
		return nil, refused("forged")
	}
	return image, nil
}

// ParseManifest reads a trusted comment.
func ParseManifest(comment string) (board, version string, size int64, err error) {
	m, err := parseManifest(comment)
	return m.board, m.version, m.size, err
}
