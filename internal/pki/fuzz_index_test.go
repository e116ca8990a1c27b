package pki

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzParseIndex(f *testing.F) {
	text, err := (&index{Version: indexVersion, Issued: []Issued{{Serial: "0A", Name: "x"}}}).text()
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"version":1,"issued":[{"serial":"../ca"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := parseIndex(text)
		if err != nil {
			return
		}
		for _, i := range x.Issued {
			require.Regexp(t, "^([0-9A-F]{2}){1,20}$", i.Serial, "it names a file")
		}
	})
}
