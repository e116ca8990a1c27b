package firmware_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api/firmware"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == helperWord {
		os.Exit(helper(os.Args[2], os.Args[3]))
	}
	goleak.VerifyTestMain(m)
}

// vendor signs images.
type vendor struct {
	public  minisign.PublicKey
	private minisign.PrivateKey
}

func newVendor(t testing.TB) vendor {
	public, private, err := minisign.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return vendor{public, private}
}

// sign returns the signature of image with a trusted comment.
func (v vendor) sign(t testing.TB, image []byte, comment string) []byte {
	r := minisign.NewReader(bytes.NewReader(image))
	_, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	return r.SignWithComments(v.private, comment, "signature of a test")
}

// comment is what has to be signed for image.
func comment(board, version string, image []byte) string {
	return fmt.Sprintf("board:%s version:%s size:%d", board, version, len(image))
}

// pack returns the file to upload.
func pack(t testing.TB, signature, image []byte) []byte {
	var file bytes.Buffer
	require.NoError(t, firmware.Pack(&file, "image.bin", signature, bytes.NewReader(image), int64(len(image))))
	return file.Bytes()
}

// good returns a file that a device of these tests takes.
func (v vendor) good(t testing.TB, image []byte) []byte {
	return pack(t, v.sign(t, image, comment(board, "1.9.0", image)), image)
}

const (
	board   = "wcc-lite"
	running = "1.8.2"
)

// device is a provider with its folder, and programs in the place of
// sysupgrade.
type device struct {
	*firmware.Upgrade
	dir     string
	folder  string
	options firmware.Options
	config  firmware.Config
}

// newDevice returns a device that trusts v, whose programs note what they
// were called with.
func newDevice(t testing.TB, v vendor, change func(*firmware.Config)) device {
	d := device{dir: t.TempDir(), options: firmware.Options{RunningVersion: running}}
	d.folder = filepath.Join(d.dir, "firmware")
	d.config = firmware.Config{
		Folder: d.folder, MaxSizeMiB: 80, Boards: []string{"other", board},
		TrustedKeys: []string{newVendor(t).public.String(), v.public.String()},
	}
	d.config.TestCommand = []string{d.script(t, "test", `echo "$@" >>`+d.dir+`/tested`), "-T", "{file}"}
	d.config.ApplyCommand = []string{d.script(t, "apply", `cat "$2" >`+d.dir+`/flash && echo "$@" >>`+d.dir+`/applied`), "-v", "{file}"}
	if change != nil {
		change(&d.config)
	}
	u, err := firmware.New(d.config, d.options)
	require.NoError(t, err)
	d.Upgrade = u
	return d
}

// script writes a program.
func (d device) script(t testing.TB, name, text string) string {
	path := filepath.Join(d.dir, name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o600))
	// Made executable by another process: a child that another test forks at
	// this moment would hold the file open for writing, and Linux would
	// refuse to run it.
	out, err := exec.Command("/bin/sh", "-c", `cp "$1" "$1.new" && chmod 700 "$1.new" && mv "$1.new" "$1"`, "sh", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// left returns what is in the folder besides the lock.
func (d device) left(t testing.TB) (names []string) {
	entries, err := os.ReadDir(d.folder)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	for _, e := range entries {
		if e.Name() != "firmware.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// read returns a file that a program of the device has written.
func (d device) read(t testing.TB, name string) string {
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(t, err)
	return string(text)
}

// randomImage returns an image of n bytes.
func randomImage(t testing.TB, n int) []byte {
	image := make([]byte, n)
	_, err := rand.Read(image)
	require.NoError(t, err)
	return image
}
