//go:build !unix

package claims

import "strings"

// identity is the name, in which Windows ignores the case.
type identity string

func identify(name string) (identity, error) {
	return identity(strings.ToUpper(name)), nil
}
