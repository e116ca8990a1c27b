package firmware

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	signatureSuffix = ".minisig"
	maxSignature    = 4 << 10  // bytes; minisign's have about 300
	maxOverhead     = 64 << 10 // bytes of the archive besides the image, on either side of it
)

// errTooLong: an archive has more bytes than its members account for.
var errTooLong = errors.New("too many bytes")

// source reads what the client sends, within bounds, and keeps its faults
// apart from those of the file.
type source struct {
	ctx    context.Context // of the one call that this lives for
	r      io.Reader
	left   int64 // bytes that may still come
	ended  bool  // r has given io.EOF
	hungry bool  // bytes were asked for behind the end
	err    error // of r or ctx: the upload has failed, whatever it held
}

func (s *source) Read(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	switch {
	case s.err != nil:
		return 0, s.err
	case s.ended:
		s.hungry = true
		return 0, io.EOF
	case s.left < 0:
		return 0, errTooLong
	}
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if err == io.EOF {
		s.ended, err = true, nil
		if n == 0 {
			s.hungry, err = true, io.EOF
		}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// container reads an uploaded archive, member by member.
type container struct {
	src  *source
	tar  *tar.Reader
	name string // of the image, as the name of the signature promises it
}

func newContainer(ctx context.Context, r io.Reader) *container {
	src := &source{ctx: ctx, r: r, left: maxOverhead}
	return &container{src: src, tar: tar.NewReader(src)}
}

// signature returns the text of the first member.
func (c *container) signature() ([]byte, error) {
	header, err := c.tar.Next()
	if err == io.EOF && !c.src.hungry {
		return nil, refused("the image is not signed: the archive is empty")
	}
	if err != nil {
		return nil, c.fault(err)
	}
	name := path.Base(header.Name)
	image, signed := strings.CutSuffix(name, signatureSuffix)
	if header.Typeflag != tar.TypeReg || !signed || image == "" {
		return nil, refused("the image is not signed: the first member of the archive must be its signature, NAME%s", signatureSuffix)
	}
	c.name = image
	if header.Size > maxSignature {
		return nil, refused("the first member of the archive is too large for a signature")
	}
	text, err := io.ReadAll(c.tar)
	if err != nil {
		return nil, c.fault(err)
	}
	return text, nil
}

// image goes on to the second member, which must have size bytes.
func (c *container) image(size int64) (io.Reader, error) {
	header, err := c.tar.Next()
	if err == io.EOF && !c.src.hungry {
		return nil, refused("the archive holds no image behind the signature")
	}
	if err != nil {
		return nil, c.fault(err)
	}
	if header.Typeflag != tar.TypeReg || path.Base(header.Name) != c.name {
		return nil, refused("the second member of the archive must be the image %q", c.name)
	}
	if header.Size != size {
		return nil, refused("the image has %d bytes, but %d were signed", header.Size, size)
	}
	c.src.left = size + maxOverhead
	return c.tar, nil
}

// end reads the rest of the upload, which holds nothing but zeros.
func (c *container) end() error {
	_, err := c.tar.Next()
	switch {
	case err == nil:
		return refused("the archive holds more than a signature and an image")
	case err != io.EOF || c.src.hungry || c.src.err != nil:
		return c.fault(err)
	}
	buf := make([]byte, 4<<10)
	for {
		n, err := c.src.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return refused("bytes follow the end of the archive")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return c.fault(err)
		}
	}
}

// fault turns an error of reading into that of the upload, or into what is
// wrong with the file.
func (c *container) fault(err error) error {
	switch {
	case c.src.err != nil:
		return fmt.Errorf("the upload broke off: %w", c.src.err)
	case errors.Is(err, errTooLong):
		return refused("the archive holds more than a signature and an image")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refused("the file is truncated: it ends in the middle of the archive")
	}
	return refused("the image is not signed: the file is no tar archive of a signature and an image")
}

// Pack writes the file to upload: image, of size bytes, behind its signature.
// name is that of the image, without folders. See the package's comment for
// what must have been signed.
func Pack(w io.Writer, name string, signature []byte, image io.Reader, size int64) error {
	archive := tar.NewWriter(w)
	for _, member := range []struct {
		name string
		size int64
		r    io.Reader
	}{
		{name + signatureSuffix, int64(len(signature)), bytes.NewReader(signature)},
		{name, size, image},
	} {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: member.name, Size: member.size, Mode: 0o644}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("firmware: pack %s: %w", member.name, err)
		}
		_, err := io.CopyN(archive, member.r, member.size)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("firmware: pack %s: %w", member.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("firmware: pack: %w", err)
	}
	return nil
}
