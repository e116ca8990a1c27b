package firmware_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"aead.dev/minisign"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/firmware"
)

func TestConformance(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 100_000)
	suite.TestUpgrade(t, func(t *testing.T) suite.UpgradeRig {
		d := newDevice(t, v, func(c *firmware.Config) { c.RestartTime = firmware.Duration(time.Second) })
		return suite.UpgradeRig{
			Upgrade: d,
			Good:    v.good(t, image),
			Refused: newVendor(t).good(t, image),
			Applied: func(t *testing.T) int { return strings.Count(d.read(t, "applied"), "\n") },
		}
	})
}

func TestReceiveAndApply(t *testing.T) {
	v := newVendor(t)
	d := newDevice(t, v, nil)
	image := randomImage(t, 200_001)
	assert.Equal(t, firmware.Status{Stage: firmware.StageIdle}, d.Status())

	apply, err := d.Receive(t.Context(), bytes.NewReader(v.good(t, image)))
	require.NoError(t, err)
	path := filepath.Join(d.folder, "firmware.img")
	assert.Equal(t, "-T "+path+"\n", d.read(t, "tested"))
	assert.Equal(t, []string{"firmware.img"}, d.left(t))
	status := d.Status()
	assert.False(t, status.Since.IsZero())
	status.Since = time.Time{}
	assert.Equal(t, firmware.Status{
		Stage: firmware.StageReady, Board: board, Version: "1.9.0", Size: 200_001, Received: 200_001,
	}, status)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	require.NoError(t, apply())
	assert.Equal(t, "-v "+path+"\n", d.read(t, "applied"))
	assert.Equal(t, string(image), d.read(t, "flash"))
	assert.Equal(t, firmware.StageApplied, d.Status().Stage)

	require.ErrorIs(t, apply(), api.ErrBusy, "the device is about to restart")
	_, err = d.Receive(t.Context(), strings.NewReader(""))
	require.EqualError(t, err, "firmware: another one is under way: the device is about to restart")
	require.ErrorIs(t, d.Clean(), api.ErrBusy)
	assert.FileExists(t, path, "the command's helpers may still read it")
}

// refusals are files that are no image for the device, with the reason.
func TestRefusals(t *testing.T) {
	v, stranger := newVendor(t), newVendor(t)
	image := randomImage(t, 20_000)
	of := func(board, version string) []byte {
		return pack(t, v.sign(t, image, comment(board, version, image)), image)
	}
	said := func(comment string) []byte { return pack(t, v.sign(t, image, comment), image) }
	good := v.good(t, image)
	sig := v.sign(t, image, comment(board, "1.9.0", image))
	changed := bytes.Clone(image)
	changed[12_345] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":            {nil, "the file is truncated: it ends in the middle of the archive"},
		"a_bare_image":     {image, "the image is not signed: the file is no tar archive of a signature and an image"},
		"short_bare_image": {image[:100], "the file is truncated"},
		"an_image_that_is_a_tar": {archive(t, file("sysupgrade-wcc/CONTROL", image[:30]), file("sysupgrade-wcc/root", image)),
			"the image is not signed: the first member of the archive must be its signature, NAME.minisig"},
		"signature_without_name": {archive(t, file(".minisig", sig), file("", image)), "the image is not signed"},
		"no_signature": {archive(t, file("image.bin.minisig", image[:300]), file("image.bin", image)),
			"the image is not signed: the first member of the archive is no signature of minisign"},
		"empty_signature": {archive(t, file("image.bin.minisig", nil), file("image.bin", image)), "the image is not signed"},
		"large_signature": {archive(t, file("image.bin.minisig", image[:5000]), file("image.bin", image)), "too large for a signature"},
		"only_zeros":      {make([]byte, 1<<20), "the image is not signed: the archive is empty"},
		"legacy": {pack(t, minisign.SignWithComments(v.private, image, comment(board, "1.9.0", image), ""), image),
			"the signature is of minisign's legacy kind, which takes the whole image in memory to check: sign with minisign 0.11 or later without -l, or with -H before that"},
		"unknown_key":    {stranger.good(t, image), fmt.Sprintf("the image is signed with key %016X, which is not among the trusted keys", stranger.public.ID())},
		"forged_image":   {pack(t, sig, changed), fmt.Sprintf("the image is forged or damaged: it is not what key %016X signed", v.public.ID())},
		"forged_comment": {pack(t, bytes.Replace(sig, []byte("version:1.9.0"), []byte("version:9.9.0"), 1), image), "its trusted comment is not what key"},
		"key_id_of_another": {pack(t, withKeyID(t, stranger.sign(t, image, comment(board, "1.9.0", image)), v.public.ID()), image),
			"its trusted comment is not what key"},
		"other_board":       {of("wcc-big", "1.9.0"), `the image is for board "wcc-big", this one takes ["other" "wcc-lite"]`},
		"older":             {of(board, "1.8.1"), "version 1.8.1 is older than 1.8.2, the oldest that is allowed"},
		"candidate_of_same": {of(board, "1.8.2-rc1"), "version 1.8.2-rc1 is older"},
		"no_board":          {said("version:1.9.0 size:20000"), `the trusted comment says no board: sign with -t "board:NAME version:NUMBER size:BYTES"`},
		"no_version":        {said("board:wcc-lite size:20000"), "says no version"},
		"no_size":           {said("board:wcc-lite version:1.9.0"), "says no size"},
		"minisigns_own":     {said("timestamp:1700000000\tfile:image.bin\thashed"), "says no board"},
		"board_twice":       {said("board:wcc-lite board:x version:1.9.0 size:20000"), `says "board" twice`},
		"bad_version":       {said("board:wcc-lite version:new size:20000"), `"new" is no version of dotted numbers`},
		"bad_size":          {said("board:wcc-lite version:1.9.0 size:+20000"), "no number of bytes"},
		"negative_size":     {said("board:wcc-lite version:1.9.0 size:-1"), "no number of bytes"},
		"bad_board":         {said("board:w\x01 version:1.9.0 size:20000"), "no name of 1 to 64 printable"},
		"larger_than_signed": {said("board:wcc-lite version:1.9.0 size:19999"),
			"the image has 20000 bytes, but 19999 were signed"},
		"too_large": {said("board:wcc-lite version:1.9.0 size:83886081"), "the image has 83886081 bytes, allowed are 83886080"},
		"no_image":  {archive(t, file("image.bin.minisig", sig)), "the archive holds no image behind the signature"},
		"other_image": {archive(t, file("image.bin.minisig", sig), file("other.bin", image)),
			`the second member of the archive must be the image "image.bin"`},
		"link_for_image": {archive(t, file("image.bin.minisig", sig), member{tar.Header{
			Typeflag: tar.TypeSymlink, Name: "image.bin", Linkname: "/etc/passwd"}, nil}), "the second member"},
		"third_member": {archive(t, file("image.bin.minisig", sig), file("image.bin", image), file("x", nil)),
			"the archive holds more than a signature and an image"},
		"bytes_behind":     {append(bytes.Clone(good), 1), "bytes follow the end of the archive"},
		"bytes_far_behind": {append(append(bytes.Clone(good), make([]byte, 5000)...), 1), "bytes follow the end of the archive"},
		"zeros_behind":     {append(bytes.Clone(good), make([]byte, 200_000)...), "the archive holds more than a signature and an image"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, v, nil)
			_, err := d.Receive(t.Context(), bytes.NewReader(c.file))
			require.ErrorIs(t, err, api.ErrRefused)
			assert.ErrorContains(t, err, c.want)
			assert.True(t, strings.HasPrefix(err.Error(), "firmware: refused: "), "%v", err)
			assert.NotContains(t, err.Error(), "\n", "one sentence")
			assert.Empty(t, d.left(t))
			assert.Empty(t, d.read(t, "tested"))
			assert.Equal(t, firmware.StageFailed, d.Status().Stage)
			assert.Contains(t, d.Status().Error, c.want)
			_, err = d.Receive(t.Context(), bytes.NewReader(good))
			require.NoError(t, err, "a good one after it")
		})
	}
}

// member is a member of a tar archive.
type member struct {
	header tar.Header
	body   []byte
}

func file(name string, body []byte) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(body)), Mode: 0o644}, body}
}

func archive(t *testing.T, members ...member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		require.NoError(t, w.WriteHeader(&m.header))
		_, err := w.Write(m.body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// withKeyID lets a signature claim another key.
func withKeyID(t *testing.T, text []byte, id uint64) []byte {
	var s minisign.Signature
	require.NoError(t, s.UnmarshalText(text))
	s.KeyID = id
	text, err := s.MarshalText()
	require.NoError(t, err)
	return text
}

// The archives of other writers of tar, and names with a folder, are taken.
func TestArchivesOfOtherWriters(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 3000)
	sig := v.sign(t, image, "file:image.bin "+comment(board, "1.9", image)+" key:rotation:2")
	for name, format := range map[string]tar.Format{"ustar": tar.FormatUSTAR, "gnu": tar.FormatGNU, "pax": tar.FormatPAX} {
		t.Run(name, func(t *testing.T) {
			first, second := file("./build/image.bin.minisig", sig), file("./build/image.bin", image)
			for _, m := range []*member{&first, &second} {
				m.header.Format = format
				if format == tar.FormatPAX { // as Python writes it
					m.header.PAXRecords = map[string]string{"mtime": "1700000000.123"}
				}
			}
			d := newDevice(t, v, nil)
			_, err := d.Receive(t.Context(), bytes.NewReader(append(archive(t, first, second), make([]byte, 9000)...)))
			require.NoError(t, err)
		})
	}
}

// Cut anywhere, the file is refused.
func TestTruncated(t *testing.T) {
	v := newVendor(t)
	good, key := golden(t)
	for n := range good {
		_, err := firmware.ReadContainer(bytes.NewReader(good[:n]), key)
		require.ErrorIs(t, err, api.ErrRefused, "after %d bytes", n)
	}
	good = v.good(t, randomImage(t, 1500))
	d := newDevice(t, v, nil)
	for _, n := range []int{1, 511, 512, 700, 1024, 1536, 2000, len(good) - 1024, len(good) - 512, len(good) - 1} {
		_, err := d.Receive(t.Context(), bytes.NewReader(good[:n]))
		require.ErrorIs(t, err, api.ErrRefused, "after %d bytes", n)
		require.ErrorContains(t, err, "the file is truncated", "after %d bytes", n)
		require.Empty(t, d.left(t))
	}
}

// A bit flipped anywhere is refused, or stands where it changes nothing: in
// padding, or in the comment that minisign calls untrusted.
func TestFlippedBits(t *testing.T) {
	good, key := golden(t)
	image := goldenImage()
	at := bytes.Index(good, image)
	accepted, refused := 0, 0
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1 << (i % 8)
		got, err := firmware.ReadContainer(bytes.NewReader(flipped), key)
		if err == nil {
			accepted++
			require.Equal(t, image, got, "byte %d", i)
			continue
		}
		require.ErrorIs(t, err, api.ErrRefused, "byte %d", i)
		if i >= at && i < at+len(image) {
			refused++
		}
	}
	assert.Equal(t, len(image), refused, "each byte of the image counts")
	assert.Less(t, accepted, 600, "padding and the untrusted comment")
}

// What is wrong is known from the signature, before the image comes.
func TestRefusedBeforeTheImage(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 1<<20)
	for name, file := range map[string][]byte{
		"board":   pack(t, v.sign(t, image, comment("x", "1.9.0", image)), image),
		"version": pack(t, v.sign(t, image, comment(board, "1.0", image)), image),
		"key":     newVendor(t).good(t, image),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, v, nil)
			read := &countingReader{r: bytes.NewReader(file)}
			_, err := d.Receive(t.Context(), read)
			require.ErrorIs(t, err, api.ErrRefused)
			assert.LessOrEqual(t, read.n, 2048)
		})
	}
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestOldestVersion(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 100)
	for _, c := range []struct {
		oldest, version string
		taken           bool
	}{
		{"", running, true}, {"", "1.8.1", false}, {"running", "1.10", true},
		{"any", "0.1", true}, {"1.5", "1.5.0", true}, {"1.5", "1.5-rc1", false}, {"1.5", "1.4.99", false},
	} {
		t.Run(c.oldest+"_"+c.version, func(t *testing.T) {
			d := newDevice(t, v, func(config *firmware.Config) { config.OldestVersion = c.oldest })
			_, err := d.Receive(t.Context(), bytes.NewReader(pack(t, v.sign(t, image, comment(board, c.version, image)), image)))
			if c.taken {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, api.ErrRefused)
			}
		})
	}
}

// A body without end is given up soon.
func TestEndlessBody(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 1000))
	for name, begin := range map[string][]byte{"from_the_begin": nil, "behind_the_archive": good} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, v, nil)
			read := &countingReader{r: io.MultiReader(bytes.NewReader(begin), zeros{})}
			_, err := d.Receive(t.Context(), read)
			require.ErrorIs(t, err, api.ErrRefused)
			assert.Less(t, read.n, 200_000)
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// 64 MB go through in bounded memory.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	v := newVendor(t)
	hashed := minisign.NewReader(io.LimitReader(zeros{}, size))
	_, err := io.Copy(io.Discard, hashed)
	require.NoError(t, err)
	sig := hashed.SignWithComments(v.private, fmt.Sprintf("board:%s version:2 size:%d", board, size), "")
	d := newDevice(t, v, nil)

	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		packed <- errors.Join(firmware.Pack(w, "image.bin", sig, zeros{}, size), w.Close())
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = d.Receive(t.Context(), r)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.NoError(t, <-packed)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20), "bytes allocated in all, freed or not")
	assert.EqualValues(t, size, d.Status().Received)
}

func TestEndedContext(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 100_000))
	t.Run("half_way", func(t *testing.T) {
		d := newDevice(t, v, nil)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := d.Receive(ctx, io.MultiReader(bytes.NewReader(good[:50_000]), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, nil
		}), bytes.NewReader(good[50_000:])))
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, api.ErrRefused)
		assert.Empty(t, d.left(t))
	})
	t.Run("in_the_test_command", func(t *testing.T) {
		d := newDevice(t, v, nil)
		d.script(t, "test", "echo $$ >"+d.dir+"/tested; sleep 600")
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for d.Status().Stage != firmware.StageTesting {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, err := d.Receive(ctx, bytes.NewReader(good))
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, d.left(t))
	})
	t.Run("receive_timeout", func(t *testing.T) {
		d := newDevice(t, v, func(c *firmware.Config) { c.ReceiveTimeout = firmware.Duration(time.Second) })
		_, err := d.Receive(t.Context(), readerFunc(func([]byte) (int, error) {
			time.Sleep(10 * time.Millisecond)
			return 0, nil
		}))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, d.left(t))
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTestCommand(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 1000))
	t.Run("refuses", func(t *testing.T) {
		d := newDevice(t, v, nil)
		d.script(t, "test", "echo looking; echo 'Image metadata not found' >&2; exit 7")
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorIs(t, err, api.ErrRefused)
		require.EqualError(t, err, "firmware: refused: test: Image metadata not found (exit status 7)")
		assert.Equal(t, "looking\nImage metadata not found\n", d.Status().Output)
		assert.Empty(t, d.left(t))
	})
	t.Run("hangs", func(t *testing.T) {
		child := 0
		// On a busy machine the command may not even have begun in a second.
		for limit := firmware.Duration(time.Second); child == 0; limit *= 4 {
			d := newDevice(t, v, func(c *firmware.Config) { c.TestTimeout = limit })
			d.script(t, "test", "sleep 600 & echo $! >"+d.dir+"/tested; wait")
			_, err := d.Receive(t.Context(), bytes.NewReader(good))
			require.EqualError(t, err, "firmware: test did not end its test of the image within "+limit.String())
			require.NotErrorIs(t, err, api.ErrRefused)
			if _, err := fmt.Sscan(d.read(t, "tested"), &child); err != nil {
				require.Less(t, limit.Std(), time.Minute, "the command has not begun: %v", err)
			}
		}
		require.Eventually(t, func() bool { return ended(child) }, 20*time.Second, 10*time.Millisecond,
			"its children end too")
	})
	t.Run("missing", func(t *testing.T) {
		d := newDevice(t, v, nil)
		require.NoError(t, os.Remove(filepath.Join(d.dir, "test")))
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorIs(t, err, os.ErrNotExist)
		require.NotErrorIs(t, err, api.ErrRefused)
		assert.Empty(t, d.left(t))
	})
	t.Run("none", func(t *testing.T) {
		d := newDevice(t, v, func(c *firmware.Config) { c.TestCommand = nil })
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.NoError(t, err)
	})
	t.Run("babbles", func(t *testing.T) {
		d := newDevice(t, v, nil)
		d.script(t, "test", "head -c 1000000 /dev/zero | tr '\\0' x; printf '\\377end'; exit 1")
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorIs(t, err, api.ErrRefused)
		out := d.Status().Output
		assert.LessOrEqual(t, len(out), 4096+2)
		assert.True(t, strings.HasSuffix(out, "x\uFFFDend"))
	})
	t.Run("environment", func(t *testing.T) {
		t.Setenv("FIELDGATE_SECRET", "x")
		d := newDevice(t, v, nil)
		d.script(t, "test", "env >"+d.dir+"/tested; pwd >>"+d.dir+"/tested")
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.NoError(t, err)
		assert.NotContains(t, d.read(t, "tested"), "FIELDGATE")
		assert.Contains(t, d.read(t, "tested"), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
	})
}

// ended reports whether a process is gone, or a zombie whose parent is gone.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestApply(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 1000))
	receive := func(t *testing.T, d device) func() error {
		apply, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.NoError(t, err)
		return apply
	}
	t.Run("fails", func(t *testing.T) {
		d := newDevice(t, v, nil)
		apply := receive(t, d)
		d.script(t, "apply", "echo 'flash is locked' >&2; exit 3")
		require.EqualError(t, apply(), "firmware: apply: apply: flash is locked (exit status 3)")
		assert.Equal(t, firmware.StageFailed, d.Status().Stage)
		assert.Equal(t, "flash is locked\n", d.Status().Output)
		assert.Equal(t, []string{"apply.log"}, d.left(t))
		require.EqualError(t, apply(), "firmware: apply: the image is no longer there: upload it again")
		receive(t, d)
	})
	t.Run("cannot_start", func(t *testing.T) {
		d := newDevice(t, v, nil)
		apply := receive(t, d)
		require.NoError(t, os.Remove(filepath.Join(d.dir, "apply")))
		require.ErrorIs(t, apply(), os.ErrNotExist)
		assert.Equal(t, firmware.StageFailed, d.Status().Stage)
		receive(t, d)
	})
	t.Run("exchanged_image", func(t *testing.T) {
		for name, exchange := range map[string]func(path string) error{
			"gone":   os.Remove,
			"longer": func(path string) error { return os.WriteFile(path, make([]byte, 1001), 0o600) },
			"another": func(path string) error {
				return errors.Join(os.WriteFile(path+"x", make([]byte, 1000), 0o600), os.Rename(path+"x", path))
			},
		} {
			t.Run(name, func(t *testing.T) {
				d := newDevice(t, v, nil)
				apply := receive(t, d)
				require.NoError(t, exchange(filepath.Join(d.folder, "firmware.img")))
				require.EqualError(t, apply(), "firmware: apply: the image is no longer there: upload it again")
				assert.Empty(t, d.read(t, "applied"))
			})
		}
	})
	t.Run("long", func(t *testing.T) {
		d := newDevice(t, v, nil)
		firmware.Settle(d.Upgrade, 10*time.Millisecond)
		d.script(t, "apply", "until test -e "+d.dir+"/goon; do sleep 0.02; done; echo done; exit 1")
		apply := receive(t, d)
		require.NoError(t, apply(), "it is under way")
		assert.Equal(t, firmware.StageApplying, d.Status().Stage)
		_, err := d.Receive(t.Context(), readerFunc(func([]byte) (int, error) { panic("read while busy") }))
		require.ErrorIs(t, err, api.ErrBusy)
		second, err := firmware.New(d.config, d.options)
		require.NoError(t, err)
		require.ErrorIs(t, second.Clean(), api.ErrBusy, "in another program too")
		require.NoError(t, os.WriteFile(filepath.Join(d.dir, "goon"), nil, 0o600))
		require.Eventually(t, func() bool { return d.Status().Stage == firmware.StageFailed }, 20*time.Second, 5*time.Millisecond)
		assert.Equal(t, "apply: done (exit status 1)", d.Status().Error)
		require.Eventually(t, func() bool { return d.Clean() == nil }, 20*time.Second, 5*time.Millisecond)
	})
	t.Run("clean_voids", func(t *testing.T) {
		d := newDevice(t, v, nil)
		apply := receive(t, d)
		require.NoError(t, d.Clean())
		assert.Empty(t, d.left(t))
		require.Error(t, apply())
	})
}

func TestFolder(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 1000))
	t.Run("two_programs", func(t *testing.T) {
		d := newDevice(t, v, nil)
		second, err := firmware.New(d.config, d.options)
		require.NoError(t, err)
		_, err = d.Receive(t.Context(), io.MultiReader(readerFunc(func([]byte) (int, error) {
			_, err := second.Receive(t.Context(), bytes.NewReader(good))
			assert.ErrorIs(t, err, api.ErrBusy)
			assert.EqualError(t, err, "firmware: another one is under way in another program")
			return 0, io.EOF
		}), bytes.NewReader(good)))
		require.NoError(t, err)
	})
	t.Run("stale_pieces", func(t *testing.T) {
		d := newDevice(t, v, nil)
		require.NoError(t, os.Mkdir(d.folder, 0o700))
		for _, name := range []string{"firmware-123.part", "firmware.img", "notes.txt"} {
			require.NoError(t, os.WriteFile(filepath.Join(d.folder, name), []byte("x"), 0o600))
		}
		require.NoError(t, d.Clean())
		assert.Equal(t, []string{"notes.txt"}, d.left(t))
	})
	t.Run("writable_by_others", func(t *testing.T) {
		d := newDevice(t, v, nil)
		require.NoError(t, os.Mkdir(d.folder, 0o700))
		require.NoError(t, os.Chmod(d.folder, 0o777))
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorContains(t, err, "has mode 0777, others could exchange the image: make it 0700")
		require.NotErrorIs(t, err, api.ErrRefused)
	})
	t.Run("link", func(t *testing.T) {
		d := newDevice(t, v, nil)
		require.NoError(t, os.Symlink(t.TempDir(), d.folder))
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorContains(t, err, "is no folder")
	})
	t.Run("nowhere", func(t *testing.T) {
		d := newDevice(t, v, func(c *firmware.Config) { c.Folder = filepath.Join(c.Folder, "a", "b") })
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("no_room", func(t *testing.T) {
		d := newDevice(t, v, nil)
		firmware.Inject(d.Upgrade, firmware.Faults{
			Free:   func(string) (uint64, error) { return 1 << 20, nil },
			Create: func(string) (firmware.Part, error) { panic("created a file for which there is no room") },
		})
		_, err := d.Receive(t.Context(), bytes.NewReader(good))
		require.ErrorIs(t, err, api.ErrRefused)
		require.EqualError(t, err, "firmware: refused: no room: the image and what must stay free need 1025 KiB, 1024 are free")
	})
}

// Whatever the storage fails at, the upload fails and nothing is left.
func TestStorageFaults(t *testing.T) {
	v := newVendor(t)
	good := v.good(t, randomImage(t, 100_000))
	full := &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	at := func(op string, nth int) firmware.Faults {
		return firmware.Faults{Create: func(dir string) (firmware.Part, error) {
			p, err := firmware.Create(dir)
			return &faultyPart{Part: p, op: op, left: nth, err: full}, err
		}}
	}
	fail := func(string) error { return full }
	for name, faults := range map[string]firmware.Faults{
		"free":        {Free: func(string) (uint64, error) { return 0, full }},
		"create":      {Create: func(string) (firmware.Part, error) { return nil, full }},
		"first_write": at("write", 0),
		"later_write": at("write", 2),
		"sync":        at("sync", 0),
		"close":       at("close", 0),
		"rename":      {Rename: func(_, _ string) error { return full }},
		"sync_folder": {Sync: fail},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, v, nil)
			firmware.Inject(d.Upgrade, faults)
			apply, err := d.Receive(t.Context(), bytes.NewReader(good))
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.NotErrorIs(t, err, api.ErrRefused)
			assert.Nil(t, apply)
			assert.Empty(t, d.left(t))
			assert.Empty(t, d.read(t, "tested"))
		})
	}
}

type faultyPart struct {
	firmware.Part
	op   string
	left int
	err  error
}

func (p *faultyPart) fails(op string) bool {
	if p.op != op {
		return false
	}
	p.left--
	return p.left < 0
}

func (p *faultyPart) Write(b []byte) (int, error) {
	if p.fails("write") {
		n, _ := p.Part.Write(b[:len(b)/2])
		return n, p.err
	}
	return p.Part.Write(b)
}

func (p *faultyPart) Sync() error {
	if p.fails("sync") {
		return p.err
	}
	return p.Part.Sync()
}

func (p *faultyPart) Close() error {
	err := p.Part.Close()
	if p.fails("close") {
		return p.err
	}
	return err
}

// A public key from minisign's file, with its comment line, works as well.
func TestKeyFileText(t *testing.T) {
	v := newVendor(t)
	text, err := v.public.MarshalText()
	require.NoError(t, err)
	d := newDevice(t, v, func(c *firmware.Config) { c.TrustedKeys = []string{string(text) + "\n"} })
	_, err = d.Receive(t.Context(), bytes.NewReader(v.good(t, []byte("x"))))
	require.NoError(t, err)
}
