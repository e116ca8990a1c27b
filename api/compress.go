package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"sync"
)

const (
	// minCompressed is the shortest body that is worth compressing.
	minCompressed = 1 << 10
	// maxCompressors bounds the answers that are compressed at one time:
	// each takes about 0.8 MB, while a device may have 64 MB in all.
	maxCompressors = 2
	// maxKept bounds the buffers that are kept for the next answer.
	maxKept = 64 << 10
)

// pools is the memory that answers share.
type pools struct {
	encoders    sync.Pool
	buffers     sync.Pool
	compressors chan *compressor // a free one each, nil until its first use
}

func newPools() *pools {
	p := &pools{compressors: make(chan *compressor, maxCompressors)}
	for range maxCompressors {
		p.compressors <- nil
	}
	return p
}

// jsonEncoder encodes bodies into its buffer.
type jsonEncoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

func (p *pools) encoder() *jsonEncoder {
	e, _ := p.encoders.Get().(*jsonEncoder)
	if e == nil {
		e = new(jsonEncoder)
		e.json = json.NewEncoder(&e.buffer)
		e.json.SetEscapeHTML(false) // the type is declared and never sniffed
	}
	return e
}

func (p *pools) putEncoder(e *jsonEncoder) {
	if e.buffer.Cap() <= maxKept {
		e.buffer.Reset()
		p.encoders.Put(e)
	}
}

// buffer returns an empty buffer.
func (p *pools) buffer() *bytes.Buffer {
	b, _ := p.buffers.Get().(*bytes.Buffer)
	if b == nil {
		b = new(bytes.Buffer)
	}
	return b
}

// putBuffer takes back a buffer that nothing refers to any more.
func (p *pools) putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		b.Reset()
		p.buffers.Put(b)
	}
}

// encode appends body as one line. Bodies are structs of strings, which
// cannot fail; text that is not UTF-8 gets replacement characters.
func (e *jsonEncoder) encode(body any) { _ = e.json.Encode(body) }

// compressor makes gzip (RFC 1952).
type compressor struct {
	*gzip.Writer
	buffer bytes.Buffer
}

// compressor returns a free one for a client that takes gzip, else nil.
func (a *answer) compressor() *compressor {
	if !acceptsGzip(a.r.Header["Accept-Encoding"]) {
		return nil
	}
	select {
	case c := <-a.pools.compressors:
		if c == nil {
			c = new(compressor)
			// The level exists.
			c.Writer, _ = gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		}
		return c
	default:
		return nil
	}
}

func (p *pools) putCompressor(c *compressor) {
	c.Reset(io.Discard) // lets go of the answer
	if c.buffer.Cap() > maxKept {
		c.buffer = bytes.Buffer{}
	}
	p.compressors <- c
}

// to begins a new body that goes to w.
func (c *compressor) to(w io.Writer) { c.Reset(w) }

// whole returns b compressed; the result holds until the next use.
func (c *compressor) whole(b []byte) []byte {
	c.buffer.Reset()
	c.Reset(&c.buffer)
	_, _ = c.Write(b) // a buffer takes all
	_ = c.Close()
	return c.buffer.Bytes()
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3). A weight of zero
// means no; whoever takes anything (*) takes gzip.
func acceptsGzip(values []string) bool {
	named, star := 0, 0 // 1 = yes, -1 = no
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			coding, weight, _ := strings.Cut(part, ";")
			yes := 1
			if q, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(weight, " ", "")), "q="); ok && strings.Trim(q, "0.") == "" {
				yes = -1
			}
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				named = yes
			case "*":
				star = yes
			}
		}
	}
	return named > 0 || named == 0 && star > 0
}
