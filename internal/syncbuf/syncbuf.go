// Package syncbuf keeps what a program or a log writes while others read it:
// for tests and for programs that measure.
package syncbuf

import (
	"bytes"
	"sync"
)

// Buffer is what was written so far. The zero value is empty. It is safe for
// concurrent use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds p. It never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns all that was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
