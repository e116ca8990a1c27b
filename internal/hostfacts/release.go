package hostfacts

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Release names the operating system, see os-release(5).
type Release struct {
	ID         string // for programs, such as "openwrt"
	Name       string // such as "OpenWrt"
	Version    string // VERSION, else VERSION_ID; may be empty
	PrettyName string // name and version for people; never empty
}

// Release reads etc/os-release, or where that is missing
// usr/lib/os-release. Lines that are no assignments are passed over.
func (h *Host) Release() (Release, error) {
	const name, fallback = "etc/os-release", "usr/lib/os-release"
	from := name
	text, err := h.read(from)
	if errors.Is(err, fs.ErrNotExist) {
		from = fallback
		if text, err = h.read(from); errors.Is(err, fs.ErrNotExist) {
			return Release{}, fmt.Errorf("hostfacts: neither %s nor %s is there: %w", h.path(name), h.path(fallback), fs.ErrNotExist)
		}
	}
	if err != nil {
		return Release{}, err
	}
	values := assignments(text)
	r := Release{
		ID:         values["ID"],
		Name:       values["NAME"],
		Version:    first(values["VERSION"], values["VERSION_ID"]),
		PrettyName: values["PRETTY_NAME"],
	}
	r.PrettyName = first(r.PrettyName, strings.TrimSpace(r.Name+" "+r.Version), r.ID)
	if r.PrettyName == "" {
		return Release{}, h.fault(from, errors.New("it has none of ID, NAME, VERSION and PRETTY_NAME"))
	}
	return r, nil
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// assignments reads the lines NAME=value of an os-release file.
func assignments(text string) map[string]string {
	values := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(name, "#") {
			values[name] = unquote(value)
		}
	}
	return values
}

// unquote removes the shell's quoting: single quotes keep everything, a
// backslash elsewhere keeps the next character.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return value[1 : len(value)-1]
	}
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
