package benchkit

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// WriteDocument puts results into the document at path, in the place of what
// stands between the marks of the make target.
func WriteDocument(path, target, results string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := Replace(string(text), target, results)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

// Replace returns text with results between the marks of the make target,
// which are lines of their own.
func Replace(text, target, results string) (string, error) {
	begin, end := "<!-- make "+target+": begin -->\n", "<!-- make "+target+": end -->\n"
	before, rest, begins := strings.Cut(text, begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", errors.New("the marks for the results of " + target + " are not there")
	}
	return before + begin + "\n" + results + "\n" + end + after, nil
}
