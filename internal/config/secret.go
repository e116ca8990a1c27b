package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"unique"
)

// redacted stands for a secret wherever one would be printed.
const redacted = "[redacted]"

// Secret is a text that never prints itself: fmt with any verb, slog, JSON
// and YAML all show "[redacted]" (and nothing for an empty secret). Only
// Reveal gives it away; the code that stores a configuration calls it, and
// the code that hands the secret to its daemon. Secrets compare with ==. The
// zero value is the empty secret.
type Secret struct {
	// A handle, since fmt reads plain fields by reflection where it may not
	// call methods: a Secret in an unexported field would print a string.
	// The empty secret is the zero handle.
	text unique.Handle[string]
}

// NewSecret returns text as a secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.text.Value()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// String returns "[redacted]", or "" for the empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString returns what %#v prints.
func (s Secret) GoString() string { return `Secret("` + s.String() + `")` }

// Format implements [fmt.Formatter]: every verb prints the redacted form,
// %q within quotes.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text)
}

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the secret as it stands. It refuses the redacted form,
// so that an export without secrets cannot come back as a secret.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return errors.New("this is a redacted secret, put the secret itself here")
	}
	*s = NewSecret(string(text))
	return nil
}
