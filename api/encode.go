package api

import (
	"bytes"
	"encoding/json"
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

func encodeActions(on []endpoint) actionsBody {
	body := actionsBody{Total: strconv.Itoa(len(on)), Actions: make([]actionBody, len(on))}
	for i, e := range on {
		body.Actions[i] = actionBody{Endpoint: e.path, Input: e.input}
	}
	return body
}

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

// encodeJSON returns body as one line. Bodies are structs of strings, which
// cannot fail; text that is not UTF-8 gets replacement characters.
func encodeJSON(body any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the type is declared and never sniffed
	_ = e.Encode(body)
	return b.Bytes()
}
