package lineprotocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// influx is an InfluxDB of the test's own.
type influx struct {
	http, udp string // addresses
}

const influxConfig = `
reporting-disabled = true
bind-address = %[2]q
[meta]
  dir = "%[1]s/meta"
[data]
  dir = "%[1]s/data"
  wal-dir = "%[1]s/wal"
[monitor]
  store-enabled = false
[http]
  enabled = true
  bind-address = %[3]q
  log-enabled = false
[[udp]]
  enabled = true
  bind-address = %[4]q
  database = "udp"
  batch-size = 1
  batch-timeout = "10ms"
`

func startInflux(t *testing.T) influx {
	path, err := exec.LookPath("influxd")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("influxd is missing: make peers")
		}
		t.Skip("needs influxd of Debian's influxdb")
	}
	dir := t.TempDir()
	db := influx{http: freeTCP(t), udp: freeUDP(t)}
	file := filepath.Join(dir, "influxdb.conf")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, influxConfig, dir, freeTCP(t), db.http, db.udp), 0o600))
	var output bytes.Buffer
	cmd := exec.Command(path, "run", "-config", file)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("influxd: %s", &output)
		}
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + db.http + "/ping")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusNoContent
	}, 60*time.Second, 20*time.Millisecond, "influxd does not answer")
	return db
}

func freeTCP(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func freeUDP(t *testing.T) string {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.LocalAddr().String()
}

// row is a point that a query gave, by column, the tags among them. Integers
// are json.Number.
type row map[string]any

func (db influx) query(t *testing.T, database, q string) []row {
	rows, err := db.ask(database, q)
	require.NoError(t, err)
	return rows
}

func (db influx) ask(database, q string) ([]row, error) {
	values := url.Values{"db": {database}, "epoch": {"ns"}, "q": {q}}
	answer, err := http.Get("http://" + db.http + "/query?" + values.Encode())
	if err != nil {
		return nil, err
	}
	var body struct {
		Error   string
		Results []struct {
			Error  string
			Series []struct {
				Columns []string
				Values  [][]any
			}
		}
	}
	d := json.NewDecoder(answer.Body)
	d.UseNumber()
	if err := errors.Join(d.Decode(&body), answer.Body.Close()); err != nil {
		return nil, err
	}
	if body.Error != "" {
		return nil, errors.New(body.Error)
	}
	var rows []row
	for _, result := range body.Results {
		if result.Error != "" {
			return nil, errors.New(result.Error)
		}
		for _, series := range result.Series {
			for _, values := range series.Values {
				r := row{}
				for i, v := range values {
					if v != nil {
						r[series.Columns[i]] = v
					}
				}
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}

// all waits until the database has n points of a measurement.
func (db influx) all(t *testing.T, database, measurement string, n int) []row {
	rows := db.wait(t, database, "SELECT * FROM "+measurement, n)
	assert.Len(t, rows, n)
	return rows
}

// wait asks until there are n points or more. The database itself may come
// to be only with the first of them.
func (db influx) wait(t *testing.T, database, q string, n int) (rows []row) {
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if rows, err = db.ask(database, q); len(rows) >= n {
			return rows
		}
	}
	require.FailNow(t, "too few points", "%s: %d of %d: %v", q, len(rows), n, err)
	return nil
}

func (db influx) write(t *testing.T, database string, lines []byte) {
	status, text := db.post(t, database, lines)
	require.Equal(t, http.StatusNoContent, status, "%s", text)
}

func (db influx) post(t *testing.T, database string, lines []byte) (status int, text []byte) {
	answer, err := http.PostForm("http://"+db.http+"/query", url.Values{"q": {"CREATE DATABASE " + database}})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body) // the database is there at its end
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	answer, err = http.Post("http://"+db.http+"/write?precision=ns&db="+database, "text/plain", bytes.NewReader(lines))
	require.NoError(t, err)
	text, err = io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, text
}

func n(text string) json.Number { return json.Number(text) }

// expectFull checks that the database has every value of the vector "full".
func expectFull(t *testing.T, db influx, database string) {
	const serial = "GK0123456789"
	at := n("1794993408000000000")
	assert.Equal(t, []row{{
		"time": at, "serial": serial, "boot": n("4294967295"), "seq": n("20713"), "period": n("60"), "late": true,
		"send_errors": n("65535"), "dropped": n("65536"), "collect_ms": n("17"),
	}}, db.all(t, database, "fieldgate_agent", 1))
	assert.Equal(t, []row{{
		"time": at, "serial": serial, "uptime": n("1242780"), "host": "größe-ü", "fw": "2.4.1",
		"load1": n("0.42"), "load15": n("0.31"),
	}}, db.all(t, database, "fieldgate_system", 1))
	assert.Equal(t, []row{{
		"time": at, "serial": serial, "user": n("4217345"), "system": n("2873412"), "idle": n("116102377"),
		"irq": n("187322"), "nice": n("23"), "iowait": n("24"), "softirq": n("255"), "steal": n("256"),
	}}, db.all(t, database, "fieldgate_cpu", 1))
	assert.Equal(t, []row{{
		"time": at, "serial": serial, "total": n("61044"), "avail": n("23816"), "shared": n("412"),
		"buffers": n("2408"), "cached": n("11236"),
	}}, db.all(t, database, "fieldgate_mem", 1))
	assert.ElementsMatch(t, []row{
		{"time": at, "serial": serial, "mount": "/", "total": n("8192"), "used": n("8192"), "avail": n("0"), "inodes": n("100")},
		{"time": at, "serial": serial, "mount": "/overlay", "total": n("5120"), "used": n("1344"), "inodes": n("7")},
	}, db.all(t, database, "fieldgate_disk", 2))
	net := db.all(t, database, "fieldgate_net", 3)
	assert.Contains(t, net, row{
		"time": at, "serial": serial, "interface": "eth0", "tx_bytes": n("4294967296"),
		"rx_packets": n("8123456"), "tx_packets": n("5234567"), "rx_errors": n("3"), "tx_errors": n("0"),
		"rx_dropped": n("211"), "tx_dropped": n("5"), "mtu": n("1500"), "speed": n("100"),
	}, "without the counter that InfluxDB cannot hold")
	assert.Contains(t, net, row{
		"time": at, "serial": serial, "interface": "wwan0", "rx_bytes": n("1812345678"), "tx_bytes": n("623456789"),
		"rx_packets": n("2723456"), "tx_packets": n("1834567"), "rx_errors": n("3"), "tx_errors": n("0"),
		"rx_dropped": n("211"), "tx_dropped": n("5"),
	})
	assert.Equal(t, []row{{
		"time": at, "serial": serial, "operator": "Example Mobile", "dbm": n("-87"), "tech": "lte", "imei": "356938035643809",
	}}, db.all(t, database, "fieldgate_modem", 1))
	assert.Equal(t, []row{{"time": at, "serial": serial, "up": n("2"), "down": n("0")}}, db.all(t, database, "fieldgate_ipsec", 1))
	assert.Equal(t, []row{{"time": at, "serial": serial, "up": n("1"), "down": n("1")}}, db.all(t, database, "fieldgate_openvpn", 1))
}

func TestIntegrationInfluxDB(t *testing.T) {
	db := startInflux(t)

	t.Run("datagrams", func(t *testing.T) {
		conn, err := net.Dial("udp", db.udp)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		datagrams, err := lineprotocol.Encoder{}.Encode(vector(t, "full"), telemetry.MaxDatagram)
		require.NoError(t, err)
		for _, d := range datagrams {
			_, err := conn.Write(d)
			require.NoError(t, err)
		}
		expectFull(t, db, "udp")
		for _, key := range db.query(t, "udp", "SHOW FIELD KEYS FROM fieldgate_net") {
			assert.Equal(t, "integer", key["fieldType"])
		}
	})

	t.Run("lines cut to pieces are the same points", func(t *testing.T) {
		datagrams, err := lineprotocol.Encoder{}.Encode(vector(t, "full"), 120)
		require.NoError(t, err)
		require.Greater(t, len(datagrams), 12)
		db.write(t, "pieces", bytes.Join(datagrams, nil))
		expectFull(t, db, "pieces")
	})

	t.Run("text", func(t *testing.T) {
		texts := []string{`a b,c=d"e`, `C:\x`, `a\ b`, `a\,b`, "größe 網", `"`, `\a`, `'`}
		var lines []byte
		for i, text := range texts {
			m := &telemetry.Message{Version: 1, Serial: text, Seq: uint64(i), Time: telemetry.Known(uint64(1794993408))}
			m.Host = telemetry.Known(text)
			lines = lineprotocol.AppendLines(lines, m, time.Time{})
		}
		db.write(t, "text", lines)
		got := make(map[any]any)
		for _, r := range db.all(t, "text", "fieldgate_system", len(texts)) {
			got[r["serial"]] = r["host"]
		}
		for _, text := range texts {
			assert.Equal(t, text, got[text])
		}
	})

	t.Run("text that the protocol cannot carry", func(t *testing.T) {
		m := &telemetry.Message{Version: 1, Serial: "a\nb\\", Time: telemetry.Known(uint64(1794993408))}
		m.Host = telemetry.Known("a\nb\\")
		db.write(t, "odd", lineprotocol.AppendLines(nil, m, time.Time{}))
		assert.Equal(t, []row{{"time": n("1794993408000000000"), "serial": "a_b_", "host": `a b\`}},
			db.all(t, "odd", "fieldgate_system", 1))
	})

	t.Run("a device without the time", func(t *testing.T) {
		m := vector(t, "full")
		m.Time = telemetry.Maybe[uint64]{}
		db.write(t, "late", lineprotocol.AppendLines(nil, m, time.Unix(1794993500, 1)))
		db.write(t, "never", lineprotocol.AppendLines(nil, m, time.Time{}))
		assert.Equal(t, n("1794993500000000001"), db.all(t, "late", "fieldgate_agent", 1)[0]["time"])
		stamp, err := db.all(t, "never", "fieldgate_agent", 1)[0]["time"].(json.Number).Int64()
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), time.Unix(0, stamp), time.Minute, "the server's own")
	})

	t.Run("an agent", func(t *testing.T) {
		at, err := net.ResolveUDPAddr("udp", db.udp)
		require.NoError(t, err)
		agent, err := telemetry.New(telemetry.Config{
			Enabled:      true,
			Destinations: []telemetry.Destination{{Host: at.IP.String(), Port: at.Port, Encoding: telemetry.EncodingInflux}},
			Period:       telemetry.Duration(time.Second),
		}, telemetry.Options{
			Source: telemetrytest.NewSource(), Serial: "AGENT",
			Encoders: map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingInflux: lineprotocol.Encoder{}},
		})
		require.NoError(t, err)
		require.NoError(t, agent.Start(t.Context()))
		defer func() { require.NoError(t, agent.Stop(context.Background())) }()
		rows := db.wait(t, "udp", "SELECT seq, serial FROM fieldgate_agent WHERE serial = 'AGENT'", 2)
		assert.Equal(t, n("0"), rows[0]["seq"])
		assert.Equal(t, n("1"), rows[1]["seq"])
		assert.Equal(t, "Simulated", db.query(t, "udp", "SELECT operator, serial FROM fieldgate_modem WHERE serial = 'AGENT'")[0]["operator"])
	})

	// What the cases above see is not taken for granted.
	t.Run("a line that is wrong is refused", func(t *testing.T) {
		status, text := db.post(t, "text", []byte("fieldgate_agent,serial=a\\ seq=0i\n"))
		assert.Equal(t, http.StatusBadRequest, status, "%s", text)
	})
}
