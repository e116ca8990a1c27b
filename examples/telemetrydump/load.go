package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxInput is the most bytes of a file that are read.
const maxInput = 64 << 20

// datagram is one datagram and where it comes from, for errors.
type datagram struct {
	place string
	bytes []byte
}

// load returns the datagrams that an argument stands for. The error tells
// what of it cannot be read; it may come with the datagrams before that.
func load(source string, stdin io.Reader) ([]datagram, error) {
	if source == "-" {
		return parse("standard input", stdin)
	}
	if b, err := hex.DecodeString(source); err == nil && len(b) > 0 {
		return []datagram{{"argument", b}}, nil
	}
	f, err := os.Open(source)
	if err != nil {
		return nil, fmt.Errorf("%w: an argument is hex or a file", err)
	}
	defer func() { _ = f.Close() }() // only read
	return parse(source, f)
}

// parse reads lines of hex, or else the bytes of one datagram.
func parse(name string, from io.Reader) ([]datagram, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(content) > maxInput:
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxInput)
	case len(bytes.TrimSpace(content)) == 0:
		return nil, fmt.Errorf("%s: it is empty", name)
	}
	if bytes.ContainsFunc(content, func(r rune) bool { return !isHexText(r) }) {
		return []datagram{{name, content}}, nil
	}
	var list []datagram
	number := 0
	for line := range bytes.Lines(content) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		place := fmt.Sprintf("%s: line %d", name, number)
		b, err := hex.DecodeString(string(line))
		if err != nil {
			return list, fmt.Errorf("%s: %w", place, err)
		}
		list = append(list, datagram{place, b})
	}
	return list, nil
}

// isHexText reports whether r may stand in lines of hex.
func isHexText(r rune) bool {
	return strings.ContainsRune("0123456789abcdefABCDEF \t\r\n", r)
}
