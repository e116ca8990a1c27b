package hub_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// python is that of the distribution, which its packages are for.
const python = "/usr/bin/python3"

func needPython(t *testing.T, modules string) {
	t.Helper()
	if out, err := exec.Command(python, "-c", "import "+modules).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("needs the Python modules %s, run scripts/peers: %s", modules, out)
		}
		t.Skipf("needs the Python modules %s", modules)
	}
}

// modbusServer serves registers with pymodbus, over TCP on a port that the
// kernel chose or on a serial device. It prints the port, or a line. From its
// input it takes "unit address value".
const modbusServer = `
import asyncio, sys, threading
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
from pymodbus.server.async_io import ModbusTcpServer, ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer

def unit(n):
    block = lambda first: ModbusSequentialDataBlock(0, [first] * 30000)
    return ModbusSlaveContext(di=block(1), co=block(1), hr=block(n), ir=block(n), zero_mode=True)

context = ModbusServerContext(slaves={n: unit(n) for n in (1, 2)}, single=False)

def orders():
    for line in sys.stdin:
        n, address, value = map(int, line.split())
        context[n].setValues(3, address, [value])

async def main():
    if sys.argv[1] == "tcp":
        server = ModbusTcpServer(context, address=("127.0.0.1", 0))
        task = asyncio.create_task(server.serve_forever())
        await server.serving
        print(server.server.sockets[0].getsockname()[1], flush=True)
    else:
        server = ModbusSerialServer(context, ModbusRtuFramer, port=sys.argv[1], baudrate=19200)
        await server.start()
        print("ready", flush=True)
    threading.Thread(target=orders, daemon=True).start()
    await asyncio.Event().wait()

asyncio.run(main())
`

// pymodbus starts the server and returns what it printed, and its input.
func pymodbus(t *testing.T, on string) (printed string, orders io.Writer, process *os.Process) {
	t.Helper()
	needPython(t, "pymodbus, serial_asyncio")
	cmd := exec.Command(python, "-c", modbusServer, on)
	var log bytes.Buffer
	cmd.Stderr = &log
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("pymodbus: %s", &log)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "%s", &log)
	return strings.TrimSpace(line), in, cmd.Process
}

// value waits until a tag has that value and those flags.
func value(t *testing.T, points api.Points, device, signal, want string) {
	t.Helper()
	last := ""
	defer func() {
		if t.Failed() {
			t.Logf("the last value of %s/%s: %s", device, signal, last)
		}
	}()
	eventually(t, func() bool {
		v, err := points.Value(t.Context(), device, signal)
		last = fmt.Sprintf("%s %s", v.Value, v.Flags)
		return err == nil && last == want
	}, device+"/"+signal+" "+want)
}

// A workbook of openpyxl goes through the store into the hub, which reads
// pymodbus over TCP.
func TestIntegrationTCP(t *testing.T) {
	needPython(t, "openpyxl")
	port, orders, process := pymodbus(t, "tcp")
	path := filepath.Join(t.TempDir(), "config.xlsx")
	out, err := exec.Command(python, "-c", `
import sys, openpyxl
book = openpyxl.Workbook()
devices = book.active
devices.title = "Devices"
devices.append(["Port", "name", "description", "device_alias", "protocol", "host", "slave_id", "scan_rate_ms", "timeout_ms"])
devices.append([int(sys.argv[2]), "Inverter 1", None, "INV1", "Modbus TCP", "127.0.0.1", 2, 20, 5000])
devices.append([])
devices.append(["below the empty row, left out"])
columns = ["signal_name", "device_alias", "signal_alias", "enable", "job_todo", "tag_job_todo", "number_type", "multiply"]
one = book.create_sheet("Signals")
one.append(columns)
one.append(["Power", "INV1", "P", 1, "3;100;20", "3;100;2", "FLOAT", None])
one.append(["Current", "INV1", "I", True, "3;100;20", "3;102;1", "UNSIGNED16", 0.5])
one.append(["Left out", "INV1", "L", 0, "3;100;20", "3;103;1", "UNSIGNED16", None])
two = book.create_sheet("Signals more")
two.append(columns)
two.append(["Running", "INV1", "R", 1, "01|00|00|00|01", None, "DIGITAL", None])
two.append(["Nowhere", "INV1", "N", 1, "3;40000;1", None, "UNSIGNED16", None])
book.save(sys.argv[1])
`, path, port).CombinedOutput()
	require.NoError(t, err, "%s", out)

	s := start(t, hubconfig.Config{}, hub.Options{})
	store := hubconfig.NewStore(t.TempDir(), func(c hubconfig.Config) error { return s.Apply(t.Context(), c) })
	file, err := os.Open(path)
	require.NoError(t, err)
	report, err := store.Sync(t.Context(), file)
	require.NoError(t, err, report)
	require.NoError(t, file.Close())
	assert.Equal(t, "1 device and 5 signals\n", report)

	_, err = fmt.Fprintln(orders, "2 100 16574\n2 101 45089\n2 102 7") // 5.959
	require.NoError(t, err)
	value(t, s, "INV1", "P", "5.959000110626221 ")
	value(t, s, "INV1", "I", "3.5 ")
	value(t, s, "INV1", "R", "1 ")
	value(t, s, "INV1", "N", "nan IV NT")
	_, err = s.Value(t.Context(), "INV1", "L")
	require.ErrorIs(t, err, api.ErrUnknownTag)

	require.NoError(t, process.Kill())
	value(t, s, "INV1", "I", "3.5 NT")
	before, err := s.Value(t.Context(), "INV1", "I")
	require.NoError(t, err)
	assert.False(t, before.Time.IsZero(), "the last value keeps its time")
}

// pymodbus on one pseudo terminal, the hub on another, a cable in between.
func TestIntegrationRTU(t *testing.T) {
	near, far := openPair(t), openPair(t)
	go func() { _, _ = io.Copy(near, far) }()
	go func() { _, _ = io.Copy(far, near) }()
	_, orders, process := pymodbus(t, far.Name())
	s := start(t, configuration(t, `
devices:
  - {device_alias: D1, protocol: modbus rtu, device: `+near.Name()+`, slave_id: 1, baudrate: 19200, scan_rate_ms: 20, timeout_ms: 3000}
  - {device_alias: D2, protocol: modbus rtu, device: `+near.Name()+`, slave_id: 2, baudrate: 19200, scan_rate_ms: 20, timeout_ms: 3000}
signals:
  - {device_alias: D1, signal_alias: A, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: D2, signal_alias: B, job_todo: 4;0;125, tag_job_todo: 4;124;1, number_type: unsigned16}
  - {device_alias: D2, signal_alias: C, job_todo: 2;0;1}
  - {device_alias: D2, signal_alias: D, job_todo: 3;1;2, number_type: signed32}
`), hub.Options{Opener: &tty.Opener{}})
	value(t, s, "D1", "A", "1 ")
	value(t, s, "D2", "B", "2 ")
	value(t, s, "D2", "C", "1 ")
	_, err := fmt.Fprintln(orders, "2 1 65535\n2 2 65534")
	require.NoError(t, err)
	value(t, s, "D2", "D", "-2 ")
	require.NoError(t, process.Kill())
	value(t, s, "D1", "A", "1 NT")
	value(t, s, "D2", "D", "-2 NT")
}

func openPair(t *testing.T) *ptypair.Pair {
	p, err := ptypair.Open()
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// 10,000 tags of pymodbus, one hub, in blocks.
func TestIntegrationTenThousandTags(t *testing.T) {
	port, orders, _ := pymodbus(t, "tcp")
	var text strings.Builder
	fmt.Fprintf(&text, "devices:\n  - {device_alias: A, protocol: modbus tcp, host: 127.0.0.1, port: %s, timeout_ms: 60000}\nsignals:\n", port)
	for i := range 10_000 {
		fmt.Fprintf(&text, "  - {device_alias: A, signal_alias: S%d, job_todo: 3;%d;2, number_type: unsigned32}\n", i, 2*i)
	}
	s := start(t, configuration(t, text.String()), hub.Options{})
	value(t, s, "A", "S9999", "65537 ")
	_, err := fmt.Fprintln(orders, "1 19999 7")
	require.NoError(t, err)
	value(t, s, "A", "S9999", "65543 ")
	status := s.Status()[0]
	assert.Zero(t, status.BadAnswers)
	t.Logf("10,000 tags in %s, with %d answers so far", status.LastScan.Round(time.Millisecond), status.Answers)
}
