package influx_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/sink/influx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a real InfluxDB as a process, with files of its own.
type peer struct {
	program string
	dir     string
	auth    bool
	addr    string // host:port of its HTTP interface, the same after a restart
	cmd     *exec.Cmd
	ended   chan struct{}
}

func startPeer(t testing.TB, auth bool) *peer {
	program, err := exec.LookPath("influxd")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("influxd is missing, install influxdb: %v", err)
		}
		t.Skipf("influxd is missing, install influxdb: %v", err)
	}
	p := &peer{program: program, dir: t.TempDir(), auth: auth, addr: "127.0.0.1:0"}
	p.start(t)
	t.Cleanup(p.stop)
	return p
}

func (p *peer) start(t testing.TB) {
	file := filepath.Join(p.dir, "influxdb.conf")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "%[1]s/meta"
[data]
  dir = "%[1]s/data"
  wal-dir = "%[1]s/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "%[2]s"
  auth-enabled = %[3]t
  log-enabled = false
`, p.dir, p.addr, p.auth), 0o600))
	p.cmd = exec.Command(p.program, "-config", file)
	log, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	address := make(chan string, 1)
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		listening := regexp.MustCompile(`Listening on HTTP.*addr=(\S+)`)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if found := listening.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
			}
		}
		_ = p.cmd.Wait()
	}()
	select {
	case p.addr = <-address:
	case <-p.ended:
		require.Fail(t, "influxd has ended")
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		require.Fail(t, "influxd does not listen")
	}
}

func (p *peer) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// config returns a Config for a database of the server.
func (p *peer) config(database string) influx.Config {
	c := influx.DefaultConfig()
	c.URL, c.Database = "http://"+p.addr, database
	return c
}

// post sends a request to the server that must succeed.
func (p *peer) post(t testing.TB, path, user, password, contentType, body string) []byte {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", contentType)
	request.SetBasicAuth(user, password)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 2, response.StatusCode/100, "%s", answer)
	return answer
}

// query returns the rows of a statement, each as column to value; times are
// Unix nanoseconds.
func (p *peer) query(t testing.TB, database, statement string) []map[string]any {
	form := url.Values{"db": {database}, "q": {statement}, "epoch": {"ns"}}
	body := p.post(t, "/query", "admin", "right", "application/x-www-form-urlencoded", form.Encode())
	var answer struct {
		Results []struct {
			Error  string
			Series []struct {
				Name    string
				Columns []string
				Values  [][]any
			}
		}
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&answer))
	var rows []map[string]any
	for _, result := range answer.Results {
		require.Empty(t, result.Error)
		for _, series := range result.Series {
			for _, values := range series.Values {
				row := map[string]any{"measurement": series.Name}
				for i, column := range series.Columns {
					row[column] = values[i]
				}
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// open returns a sink of the Config, closed at the end of the test.
func open(t testing.TB, c influx.Config) *influx.Sink {
	s, err := influx.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
