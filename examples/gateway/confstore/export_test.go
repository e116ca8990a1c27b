package confstore

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sealed returns text with the label of a stored file, as a gateway of another
// format writes it.
func Sealed(t *testing.T, file string, format int, text string) string {
	t.Helper()
	l, _, ok := unseal([]byte(file))
	require.True(t, ok)
	l.Format, l.Sum = format, sum([]byte(text))
	line, err := json.Marshal(l)
	require.NoError(t, err)
	return labelPrefix + string(line) + "\n" + text
}
