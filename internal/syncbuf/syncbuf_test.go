package syncbuf_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

func TestWritersAndReaders(t *testing.T) {
	var buf syncbuf.Buffer
	assert.Empty(t, buf.String())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			n, err := buf.Write([]byte("line\n"))
			assert.NoError(t, err)
			assert.Equal(t, 5, n)
			assert.Contains(t, buf.String(), "line\n")
		})
	}
	all.Wait()
	assert.Equal(t, strings.Repeat("line\n", 8), buf.String())
}
