package xl2tpd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseStat(t *testing.T) {
	rest := strings.Repeat(" 0", 17) + " 4711 0"
	st, ok := parseStat("12 (a) S 1) S 7" + rest)
	assert.True(t, ok)
	assert.Equal(t, stat{state: "S", parent: 7, start: "4711"}, st)
	for _, text := range []string{"", "1 (x", "1 (x) S 7", "1 (x) S y" + rest} {
		_, ok := parseStat(text)
		assert.False(t, ok, "%q", text)
	}
}

// What a program writes is kept in lines, of which there are not too many.
func TestLines(t *testing.T) {
	l := new(lines)
	for i := range keptLines + 5 {
		_, err := fmt.Fprintf(l, "li")
		assert.NoError(t, err)
		_, err = fmt.Fprintf(l, "ne %d\n", i)
		assert.NoError(t, err)
	}
	assert.Len(t, l.all(), keptLines)
	assert.Equal(t, []string{fmt.Sprintf("line %d", keptLines+4)}, l.since(l.count()-1))
	_, err := l.Write([]byte(strings.Repeat("x", 5000) + "\n"))
	assert.NoError(t, err)
	assert.Len(t, l.since(l.count() - 1)[0], 1024)
}

// The layout of linux/xfrm.h: 168 octets where 64-bit numbers are aligned.
func TestGuardLayout(t *testing.T) {
	b := guard{}.policy(xfrmOut)
	assert.Contains(t, []int{164, 168}, len(b))
	assert.Equal(t, []byte{6, 165}, b[36:38], "source port 1701")
	assert.Equal(t, byte(17), b[44])
	assert.Equal(t, []byte{xfrmOut, xfrmBlock}, b[160:162])
	assert.Equal(t, []byte{6, 165}, guard{}.selector(xfrmIn)[32:34], "destination port 1701")
}
