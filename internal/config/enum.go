package config

import (
	"fmt"
	"strings"
)

// ParseEnum returns the one of the allowed words that text is. The error of
// any other text lists them all. Enumerations call it from UnmarshalText.
func ParseEnum[T ~string](text []byte, allowed ...T) (T, error) {
	words := make([]string, len(allowed))
	for i, word := range allowed {
		if string(text) == string(word) {
			return word, nil
		}
		words[i] = string(word)
	}
	return "", fmt.Errorf("unknown word %q, want %s", text, strings.Join(words, ", "))
}
