package receiver

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// The columns of /proc/net/udp (Linux, net/ipv4/udp.c), counted in words.
const (
	columnInode = 9
	columnDrops = 12
)

// parseKernelDrops reads /proc/net/udp or udp6. Lines that it does not
// understand, such as the head, are skipped.
func parseKernelDrops(r io.Reader, each func(inode, drops uint64)) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) <= columnDrops {
			continue
		}
		inode, err := strconv.ParseUint(words[columnInode], 10, 64)
		drops, err2 := strconv.ParseUint(words[columnDrops], 10, 64)
		if err == nil && err2 == nil {
			each(inode, drops)
		}
	}
}
