package hubconfig_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/hubconfig"
)

func TestParseJob(t *testing.T) {
	for text, want := range map[string]string{
		"3;100;2":                  "3;100;2",
		" 4 ; 0 ; 125 ":            "4;0;125",
		"03|00|64|00|02":           "3;100;2",
		"0x03|0xFF|0xFF|0x00|0x01": "3;65535;1",
		"1;0;2000":                 "1;0;2000",
		"3;0;126":                  `job "3;0;126": count 126 is out of range, allowed is 1 to 125`,
		"2;0;2001":                 `job "2;0;2001": count 2001 is out of range, allowed is 1 to 2000`,
		"3;0;0":                    `job "3;0;0": count 0 is out of range, allowed is 1 to 125`,
		"3;65535;2":                `job "3;65535;2": it ends at 65536, the last address is 65535`,
		"3;-1;1":                   `job "3;-1;1": start -1 is out of range, allowed is 0 to 65535`,
		"16;0;1":                   `job "16;0;1": function 16 writes, this hub only reads`,
		"7;0;1":                    `job "7;0;1": function 7 is not known, allowed are 1 to 4`,
		"3;0":                      `job "3;0": want function;start;count, such as 3;100;2, or the bytes in hex, such as 03|00|64|00|02`,
		"3;a;1":                    `job "3;a;1": "a" is no number`,
		"3;0x1;1":                  `job "3;0x1;1": "0x1" is no number`,
		"03|00|64|00":              `job "03|00|64|00": want five bytes: the function, two of the start and two of the count, such as 03|00|64|00|02`,
		"03|00|164|00|02":          `job "03|00|164|00|02": "164" is no byte in hex`,
		"99999999999999999999;0;1": `job "99999999999999999999;0;1": "99999999999999999999" is no number`,
	} {
		t.Run(text, func(t *testing.T) {
			job, err := hubconfig.ParseJob(text)
			if err != nil {
				assert.Equal(t, want, err.Error())
				assert.Zero(t, job)
				return
			}
			assert.Equal(t, want, job.String())
			again, err := hubconfig.ParseJob(job.String())
			require.NoError(t, err)
			assert.Equal(t, job, again)
		})
	}
}

func TestParseNumberType(t *testing.T) {
	for text, want := range map[string]string{
		"FLOAT": "float", "float32": "float", "Float_CDAB": "float_cdab", "double_abcd": "double", "FLOAT64_dcba": "double_dcba",
		"digital": "digital", "int16_badc": "signed16_badc", "UINT64": "unsigned64", "signed32": "signed32",
		"word":            `"word" is no number type, allowed are digital, signed16, unsigned16, signed32, unsigned32, signed64, unsigned64, float, double`,
		"":                `"" is no number type, allowed are digital, signed16, unsigned16, signed32, unsigned32, signed64, unsigned64, float, double`,
		"float_abdc":      `"abdc" is no order of bytes, allowed are abcd, badc, cdab, dcba`,
		"float_":          `"" is no order of bytes, allowed are abcd, badc, cdab, dcba`,
		"digital_abcd":    `"digital_abcd": a digital has no order of bytes`,
		"unsigned16_cdab": `"unsigned16_cdab": a number of one register has the order abcd or badc`,
	} {
		t.Run(text, func(t *testing.T) {
			kind, err := hubconfig.ParseNumberType(text)
			if err != nil {
				assert.Equal(t, want, err.Error())
				return
			}
			assert.Equal(t, want, string(kind))
		})
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(c *hubconfig.Config){
		"": func(*hubconfig.Config) {},
		"devices[0].scan_rate_ms: 5 is out of range, allowed is 10 to 86400000":                        func(c *hubconfig.Config) { c.Devices[0].ScanRateMS = 5 },
		"devices[0].timeout_ms: -1 is out of range, allowed is 10 to 60000":                            func(c *hubconfig.Config) { c.Devices[0].TimeoutMS = -1 },
		"devices[0].host: required: a host name or an IP address":                                      func(c *hubconfig.Config) { c.Devices[0].Host = "" },
		"devices[0].protocol: required: modbus tcp, modbus rtu or virtual device":                      func(c *hubconfig.Config) { c.Devices[0].Protocol = "" },
		`devices[0].protocol: "Modbus TCP" is written "modbus tcp"`:                                    func(c *hubconfig.Config) { c.Devices[0].Protocol = "Modbus TCP" },
		"devices[0].name: has 256 bytes, allowed are 255":                                              func(c *hubconfig.Config) { c.Devices[0].Name = strings.Repeat("x", 256) },
		`devices[0].name: "a\nb" has characters that cannot be shown`:                                  func(c *hubconfig.Config) { c.Devices[0].Name = "a\nb" },
		`devices[0].name: "\xff" is not UTF-8`:                                                         func(c *hubconfig.Config) { c.Devices[0].Name = "\xff" },
		`devices[0].description: " x" begins or ends with a space`:                                     func(c *hubconfig.Config) { c.Devices[0].Description = " x" },
		"devices[1].baudrate: 1 is out of range, allowed is 50 to 4000000":                             func(c *hubconfig.Config) { c.Devices[1].Baud = 1 },
		"devices[1].databits: 5 is out of range, allowed is 7 to 8":                                    func(c *hubconfig.Config) { c.Devices[1].DataBits = 5 },
		`devices[1].parity: "mark" is none of: none, even, odd`:                                        func(c *hubconfig.Config) { c.Devices[1].Parity = "mark" },
		"devices[3].device: /dev/ttyS0 has another mode with METER: devices on one line have the same": secondOnLine,
		"signals[0].multiply: NaN is no number":                                                        func(c *hubconfig.Config) { c.Signals[0].Multiply = math.NaN() },
		"signals[0].job_todo: float is 1 of 2, not of 20: name the part of the signal":                 func(c *hubconfig.Config) { c.Signals[0].Tag = hubconfig.Job{} },
		"signals[0].tag_job_todo: float is 1 of 2, not of 3: name the part of the signal":              func(c *hubconfig.Config) { c.Signals[0].Tag.Count = 3 },
		"signals[0].tag_job_todo: 4;100;2 is not within the job 3;100;20":                              func(c *hubconfig.Config) { c.Signals[0].Tag.Function = 4 },
		"signals[0].number_type: \"FLOAT\" is written \"float\"":                                       func(c *hubconfig.Config) { c.Signals[0].Type = "FLOAT" },
		"signals[0].bit_select: it is for a digital in a register only":                                func(c *hubconfig.Config) { c.Signals[0].Bit = 3 },
		"signals[0].bit_select: 16 is out of range, allowed is 0 to 15":                                func(c *hubconfig.Config) { c.Signals[0].Bit = 16 },
		"signals[1].number_type: function 1 reads bits, which are digital":                             func(c *hubconfig.Config) { c.Signals[1].Type = "float" },
		"signals[2].source_signal_alias: required with source_device_alias":                            func(c *hubconfig.Config) { c.Signals[2].SourceSignal = "" },
		"signals[2].source_device_alias: required with source_signal_alias":                            func(c *hubconfig.Config) { c.Signals[2].SourceDevice = "" },
		`signals[2].source_device_alias: there is no device "X"`:                                       func(c *hubconfig.Config) { c.Signals[2].SourceDevice = "X" },
		"signals[2].source_signal_alias: INV1/R is not enabled":                                        func(c *hubconfig.Config) { c.Signals[2].SourceSignal = "R" },
		"signals[2].source_signal_alias: the copy leads back to itself":                                func(c *hubconfig.Config) { c.Signals[2].SourceDevice = "SUM" },
		"signals[2].job_todo: a copy asks for nothing, leave job_todo and tag_job_todo empty":          func(c *hubconfig.Config) { c.Signals[2].Job = c.Signals[0].Job },
		"signals[2].source_device_alias: required: a virtual device has copies only":                   func(c *hubconfig.Config) { c.Signals[2].SourceDevice, c.Signals[2].SourceSignal = "", "" },
		"devices[1000]: there are more than 1000 devices":                                              func(c *hubconfig.Config) { c.Devices = make([]hubconfig.Device, 1001) },
		"signals[50000]: there are more than 50000 signals":                                            func(c *hubconfig.Config) { c.Signals = make([]hubconfig.Signal, 50_001) },
	} {
		t.Run(want, func(t *testing.T) {
			c := example()
			change(&c)
			err := c.Validate()
			if want == "" {
				require.NoError(t, err)
				return
			}
			var faults hubconfig.ConfigError
			require.ErrorAs(t, err, &faults)
			assert.Equal(t, want, faults.Error())
		})
	}
}

func secondOnLine(c *hubconfig.Config) {
	c.Devices = append(c.Devices, hubconfig.Device{Alias: "METER2", Protocol: hubconfig.ModbusRTU, Path: "/dev/ttyS0", Baud: 19200, SlaveID: 2})
}

// Copies of copies are fine, circles of any length are not.
func TestCircles(t *testing.T) {
	c := example()
	add := func(alias, source string) {
		c.Signals = append(c.Signals, hubconfig.Signal{DeviceAlias: "SUM", Alias: alias, SourceDevice: "SUM", SourceSignal: source})
	}
	add("A", "P")
	add("B", "A")
	require.NoError(t, c.Validate())
	add("X", "Y")
	add("Y", "Z")
	add("Z", "X")
	add("INTO", "X")
	require.EqualError(t, c.Validate(), "signals[5].source_signal_alias: the copy leads back to itself")
}

func TestDefaults(t *testing.T) {
	d := hubconfig.Device{Alias: "A", Path: "/dev/ttyS0"}
	assert.Equal(t, "A", d.DisplayName())
	assert.Equal(t, 502, d.TCPPort())
	assert.Equal(t, byte(1), d.Slave())
	assert.Equal(t, time.Second, d.Timeout())
	assert.Equal(t, hubconfig.Line{Path: "/dev/ttyS0", Baud: 9600, DataBits: 8, Parity: hubconfig.ParityNone, StopBits: 1}, d.Line())
	assert.Equal(t, time.Second, hubconfig.Signal{}.ScanRate(d))
	assert.Equal(t, 20*time.Millisecond, hubconfig.Signal{ScanRateMS: 20}.ScanRate(d))
	d.ScanRateMS = 50
	assert.Equal(t, 50*time.Millisecond, hubconfig.Signal{}.ScanRate(d))
	assert.InDelta(t, 1, hubconfig.Signal{}.Scale(), 0)
}

func TestEnabled(t *testing.T) {
	c := example()
	c.Devices[2].Disabled = true
	enabled := c.Enabled()
	assert.Len(t, enabled.Devices, 2)
	assert.Len(t, enabled.Signals, 1)
	require.NoError(t, enabled.Validate())
}
