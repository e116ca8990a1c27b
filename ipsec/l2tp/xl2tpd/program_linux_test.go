package xl2tpd

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// The script that pppd runs leaves a name that is read back as it was.
func TestAuthUp(t *testing.T) {
	f := &files{folder: t.TempDir()}
	script := f.path("auth-up")
	require.NoError(t, put(script, renderAuthUp(f.path(userPrefix))))
	for _, name := range []string{"plant", `d"ev\1 #x 'y' %s $HOME` + "`id`", "-n"} {
		cmd := exec.Command("/bin/sh", script, "ppp0", name, "root", "/dev/x", "0")
		cmd.Env = []string{"PPPD_PID=" + strconv.Itoa(os.Getpid())}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, name, f.user(os.Getpid()))
	}
	require.NoError(t, f.forgetUsers())
	assert.NotEmpty(t, f.user(os.Getpid()), "it lives")
	require.NoError(t, os.Rename(f.path(userPrefix+strconv.Itoa(os.Getpid())), f.path(userPrefix+"4194999")))
	assert.NotEmpty(t, f.user(4194999))
	require.NoError(t, f.forgetUsers())
	assert.Empty(t, f.user(4194999), "there is no such process")
	require.NoError(t, put(f.path(userPrefix+"7"), "half a na"))
	assert.Empty(t, f.user(7), "being written")
}
