package api

import (
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzPlainParts compares the short way through a form with the reader of the
// standard library: what the short way reads, the other reads alike.
func FuzzPlainParts(f *testing.F) {
	const part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
	for _, seed := range []string{
		part + "1\r\n--b--\r\n", part + "\r\n--b--\r\n", part + "--b--\r\n", part + "1\r\n--bx\r\n--b--\r\n",
		part + "1\r\n" + part + "2\r\n--b--\r\n", part + "--b\r\n--b--\r\n", part + "1\r\n--b--\r\n--b--\r\n", "--b--\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, ok := plainParts(text, "b")
		if !ok {
			return
		}
		var want plainForm
		require.NoError(t, readParts(multipart.NewReader(strings.NewReader(text), "b"), func(name string, value io.Reader, isFile bool) error {
			b, err := io.ReadAll(value)
			want = append(want, [2]string{name, string(b)})
			assert.False(t, isFile)
			return err
		}))
		assert.Equal(t, want, plain)
	})
}
