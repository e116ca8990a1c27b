package atmodemtest_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hear sends text and reads until the line that ends.
func hear(t *testing.T, port io.ReadWriter, in *bufio.Reader, text, end string) []string {
	t.Helper()
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(port, text)
		written <- err
	}()
	var lines []string
	for {
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		lines = append(lines, line)
		if line == end {
			require.NoError(t, <-written)
			return lines
		}
	}
}

func TestSpeaksAT(t *testing.T) {
	modem := atmodemtest.NewModem()
	port, err := modem.Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = port.Close() }()
	in := bufio.NewReader(port)

	assert.Equal(t, []string{"ATE0", "OK"}, hear(t, port, in, "ATE0\r", "OK"), "echoes at first")
	assert.Equal(t, []string{"+CSQ: 21,99", "OK"}, hear(t, port, in, "at+csq\r\n", "OK"))
	assert.Equal(t, []string{"+CEREG: 0,1", "OK"}, hear(t, port, in, "AT+CEREG?\r", "OK"))
	hear(t, port, in, "AT+CEREG=2\r", "OK")
	assert.Equal(t, []string{`+CEREG: 2,1,"0F01","01A2B3C4",7`, "OK"}, hear(t, port, in, "AT+CEREG?\r", "OK"))
	modem.SetSIM(atmodemtest.SIMMissing)
	hear(t, port, in, "AT+CIMI\r", "ERROR")
	hear(t, port, in, "AT+CMEE=1\r", "OK")
	hear(t, port, in, "AT+CIMI\r", "+CME ERROR: 10")
	hear(t, port, in, "AT+CMEE=2\r", "OK")
	hear(t, port, in, "AT+CIMI\r", "+CME ERROR: SIM not inserted")
	modem.Script("AT+CSQ", "+CSQ: 1,1", "OK")
	assert.Equal(t, []string{"+CSQ: 1,1", "OK"}, hear(t, port, in, "AT+CSQ\r", "OK"))
	modem.SetFaults(atmodemtest.Faults{News: []string{"RING"}})
	assert.Equal(t, []string{"RING", "+CSQ: 1,1", "RING", "OK"}, hear(t, port, in, "AT+CSQ\r", "OK"))
	assert.Equal(t, []string{"ATE0", "AT+CSQ", "AT+CEREG?"}, modem.Commands()[:3])

	modem.HangUp()
	_, err = in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	modem.SetFaults(atmodemtest.Faults{Refuse: errors.New("no such port")})
	_, err = modem.Open(t.Context())
	require.ErrorContains(t, err, "no such port")
}

func TestString(t *testing.T) {
	modem := atmodemtest.NewModem()
	modem.SetSIM(atmodemtest.SIMLocked)
	modem.SetFaults(atmodemtest.Faults{Silent: true, Mute: []string{"AT+CSQ"}, Late: "AT", LateBy: time.Second, Junk: make([]byte, 3)})
	assert.Equal(t, `modem: Fieldgate FG-LTE1 01.002
network: Test Network LTE
registration: home
signal: -71 dBm
imei: 004999010640000
iccid: 8988211000000000001
cell: 01A2B3C4
area: 0F01
ip address: 10.64.0.7
sim: locked
silent: yes
mute: AT+CSQ
late: AT by 1s
junk: 3 bytes
`, modem.String())
}
