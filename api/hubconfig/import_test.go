package hubconfig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

var (
	deviceSheet = sheet{"Devices", [][]string{
		{"protocol", "Device_Alias", " name ", "description", "host", "PORT", "timeout_ms"},
		{"Modbus TCP", "INV1", "Inverter 1", "on the roof", "192.168.1.20", "1502.0", "500"},
		{"modbus rtu", "METER", "", "", "", "", ""},
		{"virtual device", "SUM", "", "", "", "", ""},
	}}
	signalSheet = sheet{"Signals", [][]string{
		{"signal_name", "device_alias", "signal_alias", "job_todo", "tag_job_todo", "number_type", "enable"},
		{"Power", "INV1", "P", "3;100;20", "3;100;2", "FLOAT_CDAB", "1"},
		{"Running", "INV1", "R", "01|00|00|00|01", "", "", "FALSE"},
	}}
	moreSignals = sheet{"Signals 2", [][]string{
		{"device_alias", "signal_alias", "source_device_alias", "source_signal_alias", "multiply", "add", "scan_rate_ms"},
		{"SUM", "P", "INV1", "P", "1E-3", "-5", ""},
	}}
)

// example is what the sheets above say, when METER has its serial device.
func example() hubconfig.Config {
	return hubconfig.Config{
		Devices: []hubconfig.Device{
			{Alias: "INV1", Name: "Inverter 1", Description: "on the roof", Protocol: hubconfig.ModbusTCP, Host: "192.168.1.20", Port: 1502, TimeoutMS: 500},
			{Alias: "METER", Protocol: hubconfig.ModbusRTU, Path: "/dev/ttyS0"},
			{Alias: "SUM", Protocol: hubconfig.Virtual},
		},
		Signals: []hubconfig.Signal{
			{Name: "Power", DeviceAlias: "INV1", Alias: "P", Job: hubconfig.Job{Function: 3, Start: 100, Count: 20}, Tag: hubconfig.Job{Function: 3, Start: 100, Count: 2}, Type: "float_cdab"},
			{Name: "Running", DeviceAlias: "INV1", Alias: "R", Disabled: true, Job: hubconfig.Job{Function: 1, Start: 0, Count: 1}},
			{DeviceAlias: "SUM", Alias: "P", SourceDevice: "INV1", SourceSignal: "P", Multiply: 0.001, Add: -5},
		},
	}
}

// with returns s with one more column.
func with(s sheet, column string, texts ...string) sheet {
	out := sheet{name: s.name}
	for i, row := range s.rows {
		text := column
		if i > 0 {
			text = texts[i-1]
		}
		out.rows = append(out.rows, append(row[:len(row):len(row)], text))
	}
	return out
}

func TestWorkbook(t *testing.T) {
	c, report, err := hubconfig.Import(book(t, signalSheet, with(deviceSheet, "device", "", "/dev/ttyS0", ""), moreSignals))
	require.NoError(t, err, report.String())
	assert.Equal(t, example(), c)
	assert.Equal(t, "3 devices and 3 signals\n", report.String())
}

// What is left out is warned about, and an empty row ends a sheet.
func TestWorkbookLeavesOut(t *testing.T) {
	devices := with(with(deviceSheet, "device", "", "/dev/ttyS0", ""), "log_size", "1", "2", "3")
	devices.rows = append(devices.rows, []string{" ", ""}, []string{"bad"})
	signals := signalSheet
	signals.rows = append(signals.rows[:3:3], nil, []string{"bad"}) // a row that the file does not have is empty
	c, report, err := hubconfig.Import(book(t, devices, signals, moreSignals, sheet{"Notes", nil}))
	require.NoError(t, err, report.String())
	assert.Equal(t, example(), c)
	assert.Equal(t, `warning: sheet Devices, row 1, column I: the column "log_size" is not known and left out
warning: sheet Notes: this sheet is left out, known are Devices and Signals
3 devices and 3 signals
`, report.String())
}

// Every fault has its place; all are told at once.
func TestWorkbookFaults(t *testing.T) {
	_, report, err := hubconfig.Import(book(t,
		sheet{"Devices", [][]string{
			{"device_alias", "protocol", "host", "port", "slave_id", "host"},
			{"A", "modbus tcp", "10.0.0.1", "70000", "256"},
			{"A B", "profibus", "", "x", ""},
			{"A", "modbus tcp", "a b", "1.5", ""},
			{"", "modbus rtu", "", "", "250"},
		}},
		sheet{"Signals", [][]string{
			{"device_alias", "signal_alias", "job_todo", "tag_job_todo", "number_type", "source_device_alias", "source_signal_alias"},
			{"A", "S", "3;0;2", "3;1;2", "float", "", ""},
			{"B", "S", "6;0;1", "", "", "", ""},
			{"A", "S", "3;0;1", "", "", "", ""},
			{"A", "T", "", "", "", "", ""},
			{"A", "U", "", "", "", "A", "X"},
		}}))
	require.ErrorIs(t, err, api.ErrRefused)
	require.EqualError(t, err, "refused: 19 errors, the first: sheet Devices, row 1, column F: there is a second column host")
	assert.Equal(t, `error: sheet Devices, row 1, column F: there is a second column host
error: sheet Devices, row 3, column B: protocol: "profibus" is none of: modbus tcp, modbus rtu, virtual device
error: sheet Devices, row 3, column D: port: "x" is no whole number
error: sheet Devices, row 4, column D: port: "1.5" is no whole number
error: sheet Signals, row 3, column C: job_todo: job "6;0;1": function 6 writes, this hub only reads
error: sheet Devices, row 2, column D: port: 70000 is out of range, allowed is 1 to 65535
error: sheet Devices, row 2, column E: slave_id: 256 is out of range, allowed is 1 to 255
error: sheet Devices, row 3, column A: device_alias: "A B" is no alias, allowed are up to 64 letters, digits, - and _
error: sheet Devices, row 4, column A: device_alias: "A" is taken by "A"
error: sheet Devices, row 4, column C: host: "a b" is neither a host name nor an IP address
error: sheet Devices, row 5, column A: device_alias: required: letters, digits, - and _
error: sheet Devices, row 5: device: required with modbus rtu: a serial device, such as /dev/ttyS0
error: sheet Devices, row 5, column E: slave_id: 250 is out of range, allowed is 1 to 247
error: sheet Signals, row 3, column A: device_alias: there is no device "B"
error: sheet Signals, row 4, column B: signal_alias: "S" of A is taken by "S"
error: sheet Signals, row 2, column D: tag_job_todo: 3;1;2 is not within the job 3;0;2
error: sheet Signals, row 4, column E: number_type: required with function 3
error: sheet Signals, row 5, column C: job_todo: required: function;start;count, such as 3;100;2
error: sheet Signals, row 6, column G: source_signal_alias: A has no signal "X"
19 errors, nothing was changed
`, report.String())
}

func TestFilesThatAreNone(t *testing.T) {
	many := "devices:\n" + strings.Repeat("  - {}\n", 300)
	for name, c := range map[string]struct{ file, want string }{
		"nothing":            {" \n", "the file is empty"},
		"no Devices":         {string(book(t, signalSheet)), "the workbook has no sheet Devices"},
		"empty sheet":        {string(book(t, sheet{"Devices", nil})), "sheet Devices, row 1: the first row must have the names of the columns"},
		"header in row 2":    {string(book(t, sheet{"Devices", [][]string{nil, {"device_alias"}}})), "sheet Devices, row 1: the first row must"},
		"truncated workbook": {string(book(t, deviceSheet))[:200], "this is no .xlsx workbook"},
		"old .xls":           {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"},
		"text":               {"hello", "line 1, column 1: want names and values here"},
		"binary":             {"\x00\x01\x02", "neither a workbook nor YAML"},
		"broken YAML":        {"devices:\n\t- a", "line 2, column 1: found character that cannot start any token"},
		"unknown list":       {"tags: []", `line 1, column 1: the name "tags" is not known`},
		"unknown name":       {"devices:\n  - device_alias: A\n    hots: b", `line 3, column 5: the name "hots" is not known`},
		"other case":         {"devices:\n  - Device_alias: A", `line 2, column 5: the name "Device_alias" is not known`},
		"name twice":         {"devices:\n  - name: A\n    name: B", `line 3, column 5: the name "name" is there twice`},
		"no list":            {"devices: {}", "line 1, column 10: want a list here"},
		"no value":           {"devices:\n  - name: [A]", "line 2, column 11: name: want one value here"},
		"no mapping":         {"devices:\n  - A", "line 2, column 5: want names and values here"},
		"alias bomb":         {"devices: &a [*a, *a]", "line 1, column 14: want names and values here"},
		"anchors":            {"devices: [&a {name: x}, *a]", "line 1, column 25: want names and values here"},
		"two documents":      {"devices: []\n---\nsignals: []", "neither a workbook nor YAML"},
		"deep":               {strings.Repeat("[", 100_000), "neither a workbook nor YAML"},
		"long YAML":          {strings.Repeat("#", hubconfig.MaxYAML+1), "the file has 4194305 bytes, allowed are 4194304"},
		"many faults":        {many, "error: and 400 more"},
	} {
		t.Run(name, func(t *testing.T) {
			got, report, err := hubconfig.Import([]byte(c.file))
			require.ErrorIs(t, err, api.ErrRefused)
			assert.Contains(t, report.String(), c.want)
			assert.Zero(t, got)
			assert.Less(t, len(report.String()), 100_000)
		})
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	c := example()
	c.Devices[0].Name = `quotes " and ' : # and Grüße`
	c.Devices[1].Name, c.Devices[1].Description = "null", "yes"
	c.Devices[1].Baud, c.Devices[1].Parity, c.Devices[1].StopBits, c.Devices[1].DataBits = 19200, hubconfig.ParityEven, 2, 7
	c.Devices[2].Disabled, c.Signals[2].Disabled = true, true
	c.Signals[1].ScanRateMS = 250
	require.NoError(t, c.Validate())
	again, report, err := hubconfig.Import([]byte(c.String()))
	require.NoError(t, err, report.String())
	assert.Equal(t, c, again)

	empty, _, err := hubconfig.Import([]byte(hubconfig.Config{}.String()))
	require.NoError(t, err)
	assert.Equal(t, hubconfig.Config{}, empty)
	assert.Equal(t, "devices: []\nsignals: []\n", hubconfig.Config{}.String())
}

// The example of the documentation, and how a configuration prints.
func TestPrints(t *testing.T) {
	assert.Equal(t, `devices:
  - device_alias: INV1
    name: Inverter 1
    description: on the roof
    protocol: modbus tcp
    host: 192.168.1.20
    port: 1502
    timeout_ms: 500
  - device_alias: METER
    protocol: modbus rtu
    device: /dev/ttyS0
  - device_alias: SUM
    protocol: virtual device
signals:
  - device_alias: INV1
    signal_alias: P
    signal_name: Power
    job_todo: 3;100;20
    tag_job_todo: 3;100;2
    number_type: float_cdab
  - device_alias: INV1
    signal_alias: R
    signal_name: Running
    enable: 0
    job_todo: 1;0;1
  - device_alias: SUM
    signal_alias: P
    source_device_alias: INV1
    source_signal_alias: P
    multiply: 0.001
    add: "-5"
`, example().String())
}

// What Import takes prints as what Import takes as the same.
func FuzzImport(f *testing.F) {
	f.Add([]byte(example().String()))
	f.Add(book(f, with(deviceSheet, "device", "", "/dev/ttyS0", ""), signalSheet, moreSignals))
	f.Add([]byte("devices: [{device_alias: A, protocol: virtual device}]\nsignals:\n"))
	f.Add([]byte("devices:\n- {device_alias: A, name: \"\\x7f\", protocol: MODBUS TCP, host: \"::1\", port: 0x10}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, report, err := hubconfig.Import(file)
		require.NotEmpty(t, report.String())
		if err != nil {
			require.Zero(t, c)
			return
		}
		require.NoError(t, c.Validate())
		require.NoError(t, c.Enabled().Validate())
		again, report, err := hubconfig.Import([]byte(c.String()))
		require.NoError(t, err, report.String())
		require.Equal(t, c, again)
	})
}

// FuzzCells puts cells into a workbook that is one.
func FuzzCells(f *testing.F) {
	f.Add("INV1", "modbus tcp", "host", "7", "P", "3;0;2", "3;0;2", "float")
	f.Add("A", "virtual device", "", "", "P", "03|00|00|00|01", "", "uint16")
	f.Fuzz(func(t *testing.T, alias, protocol, host, port, signal, job, tag, kind string) {
		file := book(t,
			sheet{"Devices", [][]string{{"device_alias", "protocol", "host", "port"}, {alias, protocol, host, port}}},
			sheet{"Signals", [][]string{{"device_alias", "signal_alias", "job_todo", "tag_job_todo", "number_type"}, {alias, signal, job, tag, kind}}})
		c, _, err := hubconfig.Import(file)
		if err != nil {
			return
		}
		again, report, err := hubconfig.Import([]byte(c.String()))
		require.NoError(t, err, report.String())
		require.Equal(t, c, again)
	})
}

// What is read as stored is what YAML says, in places and reports too.
func FuzzStored(f *testing.F) {
	f.Add([]byte(example().String()))
	f.Add([]byte("devices:\n  - name: \"a\\u0041\"\n    port: 007\n  - name: 1e3\nsignals: []\n"))
	f.Add([]byte("devices: []\nsignals:\n  - enable: 0\n    job_todo: \"3;0;1\"\n    add: .inf\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		stored, r1, err1 := hubconfig.Import(file)
		general, r2, err2 := hubconfig.Import(append([]byte("# \n"), file...)) // not as stored
		require.Equal(t, general, stored)
		require.Equal(t, err2 == nil, err1 == nil)
		require.Len(t, r1.Faults, len(r2.Faults), "%s%s", r1, r2)
	})
}

// The places of both ways are the same.
func TestPlacesOfStored(t *testing.T) {
	file := "devices:\n  - device_alias: A\n    protocol: modbus tcp\n    port: 70000\n  - name: \"x\"\nsignals:\n  - device_alias: B\n    signal_alias: X\n"
	_, stored, err := hubconfig.Import([]byte(file))
	require.Error(t, err)
	_, general, err := hubconfig.Import([]byte(file + "# \n"))
	require.Error(t, err)
	assert.Equal(t, general, stored)
	assert.Contains(t, stored.String(), "line 4, column 11: port: 70000 is out of range")
}

// 10,000 signals.
func BenchmarkImport(b *testing.B) {
	c := example()
	c.Signals = nil
	rows := [][]string{signalSheet.rows[0]}
	for i := range 10_000 {
		job := hubconfig.Job{Function: 3, Start: i, Count: 1}
		c.Signals = append(c.Signals, hubconfig.Signal{Name: fmt.Sprint("Signal ", i), DeviceAlias: "INV1", Alias: fmt.Sprint("S", i), Job: job, Type: "unsigned16"})
		rows = append(rows, []string{fmt.Sprint("Signal ", i), "INV1", fmt.Sprint("S", i), job.String(), "", "unsigned16", "1"})
	}
	for name, file := range map[string][]byte{
		"stored":   []byte(c.String()),
		"yaml":     []byte("# \n" + c.String()),
		"workbook": book(b, with(deviceSheet, "device", "", "/dev/ttyS0", ""), sheet{"Signals", rows}),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, report, err := hubconfig.Import(file); err != nil {
					b.Fatal(report)
				}
			}
		})
	}
}
