package firmware_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
)

// workshop is where a vendor builds and signs, with the stock programs.
type workshop struct{ dir string }

func newWorkshop(t *testing.T) workshop {
	for program, aptPackage := range map[string]string{"minisign": "minisign", "tar": "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				require.NoError(t, err, "needs apt package %s", aptPackage)
			}
			t.Skipf("%s is not there (apt package %s)", program, aptPackage)
		}
	}
	return workshop{t.TempDir()}
}

func (w workshop) run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = w.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", program, args, out)
}

// key makes a key pair and returns the text of the public one's file.
func (w workshop) key(t *testing.T, name string) string {
	w.run(t, "minisign", "-G", "-W", "-p", name+".pub", "-s", name+".key")
	text, err := os.ReadFile(filepath.Join(w.dir, name+".pub"))
	require.NoError(t, err)
	return string(text)
}

func (w workshop) write(t *testing.T, name string, content []byte) {
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), content, 0o600))
}

// upload packs the image as the documentation says, and uploads it to d.
func (w workshop) upload(t *testing.T, d device, tarArgs ...string) error {
	w.run(t, "tar", append(tarArgs, "-cf", "image.tar", "image.bin.minisig", "image.bin")...)
	f, err := os.Open(filepath.Join(w.dir, "image.tar"))
	require.NoError(t, err)
	defer f.Close()
	_, err = d.Receive(t.Context(), f)
	return err
}

// What minisign signs and tar packs is taken; what was changed afterwards is
// not, as minisign itself says.
func TestIntegrationMinisign(t *testing.T) {
	w := newWorkshop(t)
	old, next, stranger := w.key(t, "old"), w.key(t, "next"), w.key(t, "stranger")
	require.NotEqual(t, old, stranger)
	image := randomImage(t, 150_000)
	said := comment(board, "1.9.0", image)
	newDev := func(t *testing.T) device {
		return newDevice(t, newVendor(t), func(c *firmware.Config) { c.TrustedKeys = []string{old, next} })
	}
	sign := func(t *testing.T, key string, more ...string) {
		w.write(t, "image.bin", image)
		w.run(t, "minisign", append([]string{"-S", "-s", key + ".key", "-m", "image.bin", "-t", said}, more...)...)
	}
	for _, key := range []string{"old", "next"} {
		for name, args := range map[string][]string{
			"default": nil, "gnu": {"--format=gnu"}, "ustar": {"--format=ustar"}, "pax": {"--format=pax"}, "blocks": {"-b", "100"},
		} {
			t.Run(key+"_"+name, func(t *testing.T) {
				d := newDev(t)
				sign(t, key)
				require.NoError(t, w.upload(t, d, args...))
				stored, err := os.ReadFile(filepath.Join(d.folder, "firmware.img"))
				require.NoError(t, err)
				assert.Equal(t, image, stored)
			})
		}
	}
	t.Run("stranger", func(t *testing.T) {
		sign(t, "stranger")
		err := w.upload(t, newDev(t))
		require.ErrorIs(t, err, api.ErrRefused)
		require.ErrorContains(t, err, "which is not among the trusted keys")
		id := strings.Fields(strings.SplitN(stranger, "\n", 2)[0])
		require.ErrorContains(t, err, id[len(id)-1], "names the key as minisign does")
	})
	t.Run("legacy", func(t *testing.T) {
		sign(t, "old", "-l")
		err := w.upload(t, newDev(t))
		require.ErrorIs(t, err, api.ErrRefused)
		require.ErrorContains(t, err, "minisign's legacy kind")
	})
	t.Run("without_our_comment", func(t *testing.T) {
		w.write(t, "image.bin", image)
		w.run(t, "minisign", "-S", "-s", "old.key", "-m", "image.bin")
		require.ErrorContains(t, w.upload(t, newDev(t)), "the trusted comment says no board")
	})
	t.Run("changed_image", func(t *testing.T) {
		for _, at := range []int{0, len(image) / 2, len(image) - 1} {
			sign(t, "old")
			changed := append([]byte(nil), image...)
			changed[at] ^= 0x80
			w.write(t, "image.bin", changed)
			require.ErrorContains(t, w.upload(t, newDev(t)), "the image is forged or damaged", "at %d", at)
			cmd := exec.Command("minisign", "-V", "-p", "old.pub", "-m", "image.bin")
			cmd.Dir = w.dir
			require.Error(t, cmd.Run(), "minisign refuses it too")
		}
	})
	t.Run("changed_signature", func(t *testing.T) {
		sign(t, "old")
		text, err := os.ReadFile(filepath.Join(w.dir, "image.bin.minisig"))
		require.NoError(t, err)
		lines := strings.SplitAfter(string(text), "\n")
		for i := 1; i < 4; i++ { // the signature, the comment, the signature of both
			changed := append([]string(nil), lines...)
			changed[i] = swapCase(changed[i], 30)
			w.write(t, "image.bin.minisig", []byte(strings.Join(changed, "")))
			err := w.upload(t, newDev(t))
			require.ErrorIs(t, err, api.ErrRefused, "line %d", i+1)
			cmd := exec.Command("minisign", "-V", "-p", "old.pub", "-m", "image.bin")
			cmd.Dir = w.dir
			require.Error(t, cmd.Run(), "minisign refuses line %d too", i+1)
		}
	})
}

// swapCase changes the case of the first letter of s from i on.
func swapCase(s string, i int) string {
	for ; i < len(s); i++ {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			return s[:i] + string(rune(s[i]^0x20)) + s[i+1:]
		}
	}
	panic(fmt.Sprintf("no letter in %q", s))
}

// minisign accepts what Pack is given by the Go library, so both sides sign
// and check the same bytes.
func TestIntegrationMinisignReadsOurs(t *testing.T) {
	w := newWorkshop(t)
	v := newVendor(t)
	image := randomImage(t, 5000)
	w.write(t, "image.tar", v.good(t, image))
	w.run(t, "tar", "-xf", "image.tar")
	w.run(t, "minisign", "-V", "-H", "-P", v.public.String(), "-m", "image.bin")
}

// The whole way: signed by minisign, packed by tar, uploaded by curl, applied
// after the answer.
func TestIntegrationUploadByCurl(t *testing.T) {
	w := newWorkshop(t)
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "needs apt package curl")
		}
		t.Skip("curl is not there (apt package curl)")
	}
	key := w.key(t, "vendor")
	image := randomImage(t, 1_000_000)
	d := newDevice(t, newVendor(t), func(c *firmware.Config) { c.TrustedKeys = []string{key} })
	handler, err := api.NewHandler(api.Config{
		Enabled: true, Authentication: api.AuthenticationNone, Endpoints: api.Endpoints{Sysupgrade: true},
	}, api.Options{Providers: api.Providers{Upgrade: d}})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	upload := func(version string) string {
		w.write(t, "image.bin", image)
		w.run(t, "minisign", "-S", "-s", "vendor.key", "-m", "image.bin", "-t", comment(board, version, image))
		w.run(t, "tar", "-cf", "image.tar", "image.bin.minisig", "image.bin")
		out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-w", " %{http_code}",
			"-F", "file=@"+filepath.Join(w.dir, "image.tar"), server.URL+"/api/sysupgrade").CombinedOutput()
		require.NoError(t, err, "%s", out)
		return strings.ReplaceAll(string(out), "\n", "")
	}
	assert.Regexp(t, `refused: version 1\.0 is older than 1\.8\.2, the oldest that is allowed.* 422$`, upload("1.0"))
	assert.Empty(t, d.read(t, "applied"))
	assert.Equal(t, `{"status":"accepted"} 200`, upload("1.9.0"))
	require.Eventually(t, func() bool { return d.Status().Stage == firmware.StageApplied }, 60*time.Second, 5*time.Millisecond)
	assert.Equal(t, string(image), d.read(t, "flash"))
	assert.Regexp(t, `another one is under way.* 409$`, upload("1.9.0"))
}
