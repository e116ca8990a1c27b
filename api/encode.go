package api

import (
	"math"
	"strconv"
	"time"
)

// The bodies of the answers. Every scalar is a string, as on the reference
// device, and a missing fact is an empty one.

type errorBody struct {
	Error string `json:"error"`
}

type versionBody struct {
	API   string `json:"api_version"`
	Patch string `json:"api_patch"`
	Sync  string `json:"sync_version"`
}

type syncVersionBody struct {
	Sync string `json:"sync_version"`
}

type actionsBody struct {
	Total   string       `json:"total_actions"`
	Actions []actionBody `json:"actions"`
}

type actionBody struct {
	Endpoint string `json:"endpoint"`
	Input    string `json:"input"`
}

type systemInfoBody struct {
	Hostname        string `json:"hostname"`
	Model           string `json:"model"`
	Serial          string `json:"serial"`
	FirmwareVersion string `json:"firmware_version"`
	Kernel          string `json:"kernel"`
	Uptime          string `json:"uptime"` // s
	Time            string `json:"time"`   // Unix ms, as every time stamp
	Load1           string `json:"load_1"`
	Load5           string `json:"load_5"`
	Load15          string `json:"load_15"`
	MemoryTotal     string `json:"memory_total"` // KiB, as all sizes
	MemoryAvailable string `json:"memory_available"`
	DiskTotal       string `json:"disk_total"`
	DiskAvailable   string `json:"disk_available"`
}

func encodeSystemInfo(s SystemInfo) systemInfoBody {
	body := systemInfoBody{
		Hostname:        s.Hostname,
		Model:           s.Model,
		Serial:          s.Serial,
		FirmwareVersion: s.FirmwareVersion,
		Kernel:          s.Kernel,
		Uptime:          encodeSeconds(s.Uptime),
		Time:            encodeTime(s.Time),
		MemoryTotal:     encodeKiB(s.MemoryTotal),
		MemoryAvailable: encodeKiB(s.MemoryAvailable),
		DiskTotal:       encodeKiB(s.DiskTotal),
		DiskAvailable:   encodeKiB(s.DiskAvailable),
	}
	if s.Load != nil {
		body.Load1 = encodeFloat(s.Load.One)
		body.Load5 = encodeFloat(s.Load.Five)
		body.Load15 = encodeFloat(s.Load.Fifteen)
	}
	return body
}

type gsmInfoBody struct {
	Operator     string `json:"operator"`
	Registration string `json:"registration"`
	Technology   string `json:"technology"`
	SignalDBm    string `json:"signal_dbm"`
	IMEI         string `json:"imei"`
	ICCID        string `json:"iccid"`
	IPAddress    string `json:"ip_address"`
}

func encodeModemInfo(m ModemInfo) gsmInfoBody {
	body := gsmInfoBody{
		Operator:     m.Operator,
		Registration: m.Registration,
		Technology:   m.Technology,
		IMEI:         m.IMEI,
		ICCID:        m.ICCID,
		IPAddress:    m.IPAddress,
	}
	if m.SignalDBm != nil {
		body.SignalDBm = strconv.Itoa(*m.SignalDBm)
	}
	return body
}

// The bodies that [answer.list] sends end in their list.

type devicesBody struct {
	Total   string       `json:"total_devices"`
	Devices []deviceBody `json:"devices"`
}

type deviceInfoBody struct {
	Devices []deviceBody `json:"devices"`
}

type deviceBody struct {
	Alias    string `json:"device_alias"`
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
}

func encodeDevice(d Device) deviceBody {
	return deviceBody(d)
}

type deviceTagsBody struct {
	Total   string          `json:"total_signals"`
	Signals []deviceTagBody `json:"signals"`
}

type deviceTagBody struct {
	Name              string `json:"signal_name"`
	SourceDeviceAlias string `json:"source_device_alias"`
	InputTopic        string `json:"input_topic"`
	OutputTopic       string `json:"output_topic"`
	SignalAlias       string `json:"signal_alias"`
}

type tagsBody struct {
	Total   string    `json:"total_signals"`
	Signals []tagBody `json:"signals"`
}

type tagBody struct {
	deviceTagBody
	DeviceAlias string `json:"device_alias"`
}

func encodeTag(t Tag) tagBody {
	return tagBody{
		deviceTagBody: deviceTagBody{
			Name:              t.Name,
			SourceDeviceAlias: t.SourceDeviceAlias,
			InputTopic:        t.InputTopic,
			OutputTopic:       t.OutputTopic,
			SignalAlias:       t.SignalAlias,
		},
		DeviceAlias: t.DeviceAlias,
	}
}

type tagValueBody struct {
	Total  string      `json:"total_signals"`
	Values []valueBody `json:"signal_values"`
}

type valueBody struct {
	Name      string `json:"signal_name"`
	Value     string `json:"value"`
	Timestamp string `json:"timestamp"`
	Flags     string `json:"flags"`
}

func encodeTagValue(v TagValue) tagValueBody {
	return tagValueBody{Total: "1", Values: []valueBody{{
		Name:      v.Name,
		Value:     v.Value.String(),
		Timestamp: encodeTime(v.Time),
		Flags:     v.Flags.String(),
	}}}
}

type syncBody struct {
	Output string `json:"output"`
}

type syncErrorBody struct {
	Output string `json:"output"`
	Error  string `json:"error"`
}

type statusBody struct {
	Status string `json:"status"`
}

func encodeActions(table []endpoint, on endpointSet) actionsBody {
	body := actionsBody{Actions: []actionBody{}}
	for i := range table {
		if e := &table[i]; on.has(i) && e.switched != nil {
			body.Actions = append(body.Actions, actionBody{Endpoint: e.path, Input: e.input()})
		}
	}
	body.Total = encodeCount(len(body.Actions))
	return body
}

func encodeCount(n int) string { return strconv.Itoa(n) }

func encodeSeconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}

func encodeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func encodeKiB(size *uint64) string {
	if size == nil {
		return ""
	}
	return strconv.FormatUint(*size/1024, 10)
}

// encodeFloat returns the shortest form that reads back as v.
func encodeFloat(v float64) string {
	if math.IsNaN(v) {
		return "nan"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
