package hostfacts

import (
	"fmt"
	"io"
	"os"
)

// maxTable bounds what is read of a file with a line for each device.
const maxTable = 1 << 20

// table returns the text of a file with many lines. One that is longer than
// maxTable is refused, rather than cut in the middle of a number.
func (h *Host) table(name string) (string, error) {
	f, err := os.Open(h.path(name))
	if err != nil {
		return "", h.fault(name, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxTable+1))
	if err != nil {
		return "", h.fault(name, err)
	}
	if len(text) > maxTable {
		return "", h.fault(name, fmt.Errorf("it is larger than %d bytes", maxTable))
	}
	return string(text), nil
}
