package api

import "strings"

// endpoint is one row of the table that everything about the endpoints is
// taken from: the checks of New, the switches, the methods and inputs, the
// answers, /api/actions and the OpenAPI document.
type endpoint struct {
	path  string // exactly as in the request line
	about string // what it is for, in one sentence

	fields []string // form fields that a POST has to bring, each once
	file   bool     // a POST has to bring one file, in the field "file"

	field    string               // of Endpoints, as an operator writes it
	switched func(Endpoints) bool // nil: on with the interface, and no action
	missing  func(Options) string // what the program did not bring, "" when all is there; nil: it needs nothing

	body  any // the answer, empty; nil = text
	serve func(*Handler, *answer) error
}

// fileField is the form field of every file.
const fileField = "file"

// The form fields of the points.
const (
	deviceField = "device_alias"
	signalField = "signal_alias"
)

// endpoints is in the order of the specification.
var endpoints = [...]endpoint{
	{
		path: "/api/version", field: "version",
		about:    "Versions of the interface and of the sync service.",
		switched: func(e Endpoints) bool { return e.Version },
		body:     versionBody{},
		serve:    (*Handler).version,
	},
	{
		path: "/api/actions", field: "actions",
		about:    "Endpoints that are switched on and that the key opens, with the form fields that they need.",
		switched: func(e Endpoints) bool { return e.Actions },
		body:     actionsBody{},
		serve:    (*Handler).actions,
	},
	{
		path: "/api/syncVersion", field: "sync_version",
		about:    "Version of the sync service.",
		switched: func(e Endpoints) bool { return e.SyncVersion },
		missing:  func(o Options) string { return lacking(o.Versions.Sync != "", "text in Versions.Sync") },
		body:     syncVersionBody{},
		serve:    (*Handler).syncVersion,
	},
	{
		path: "/api/sync", field: "sync", file: true,
		about:    "Takes a configuration of the protocol hub, whole or not at all.",
		switched: func(e Endpoints) bool { return e.Sync },
		missing:  func(o Options) string { return lacking(o.Providers.Sync != nil, "provider Sync") },
		body:     syncBody{},
		serve:    (*Handler).sync,
	},
	{
		path: "/api/syslog", field: "syslog",
		about:    "The system log as text, oldest line first.",
		switched: func(e Endpoints) bool { return e.Syslog },
		missing:  func(o Options) string { return lacking(o.Providers.Syslog != nil, "provider Syslog") },
		serve:    (*Handler).syslog,
	},
	{
		path: "/api/systemInfo", field: "system_info",
		about:    "Facts of the device: uptime in seconds, time in Unix milliseconds, sizes in KiB.",
		switched: func(e Endpoints) bool { return e.SystemInfo },
		missing:  func(o Options) string { return lacking(o.Providers.System != nil, "provider System") },
		body:     systemInfoBody{},
		serve:    (*Handler).systemInfo,
	},
	{
		path: "/api/gsmInfo", field: "gsm_info",
		about:    "Facts of the mobile modem and its network.",
		switched: func(e Endpoints) bool { return e.GSMInfo },
		missing:  func(o Options) string { return lacking(o.Providers.Modem != nil, "provider Modem") },
		body:     gsmInfoBody{},
		serve:    (*Handler).gsmInfo,
	},
	{
		path: "/api/devices", field: "devices",
		about:    "The devices behind this one.",
		switched: func(e Endpoints) bool { return e.Devices },
		missing:  needsPoints,
		body:     devicesBody{},
		serve:    (*Handler).devices,
	},
	{
		path: "/api/device/info", field: "device_info", fields: []string{deviceField},
		about:    "One device.",
		switched: func(e Endpoints) bool { return e.DeviceInfo },
		missing:  needsPoints,
		body:     deviceInfoBody{},
		serve:    (*Handler).deviceInfo,
	},
	{
		path: "/api/device/tags", field: "device_tags", fields: []string{deviceField},
		about:    "The tags of one device.",
		switched: func(e Endpoints) bool { return e.DeviceTags },
		missing:  needsPoints,
		body:     deviceTagsBody{},
		serve:    (*Handler).deviceTags,
	},
	{
		path: "/api/device/tag/value", field: "device_tag_value", fields: []string{deviceField, signalField},
		about:    "The last value of one tag, with its time in Unix milliseconds and its flags (IV invalid, NT not topical, OV overflow).",
		switched: func(e Endpoints) bool { return e.DeviceTagValue },
		missing:  needsPoints,
		body:     tagValueBody{},
		serve:    (*Handler).tagValue,
	},
	{
		path: "/api/tags", field: "tags",
		about:    "The tags of all devices.",
		switched: func(e Endpoints) bool { return e.Tags },
		missing:  needsPoints,
		body:     tagsBody{},
		serve:    (*Handler).tags,
	},
	{
		path: "/api/sysupgrade", field: "sysupgrade", file: true,
		about:    "Takes a firmware image, checks it, answers, and then installs it.",
		switched: func(e Endpoints) bool { return e.Sysupgrade },
		missing:  func(o Options) string { return lacking(o.Providers.Upgrade != nil, "provider Upgrade") },
		body:     statusBody{},
		serve:    (*Handler).sysupgrade,
	},
	{
		path:  "/api/openapi.json",
		about: "This document.",
		body:  map[string]any(nil),
		serve: (*Handler).openAPI,
	},
}

func needsPoints(o Options) string { return lacking(o.Providers.Points != nil, "provider Points") }

// lacking returns what, unless it is there.
func lacking(there bool, what string) string {
	if there {
		return ""
	}
	return what
}

// input tells the form fields of a request, joined by a space.
func (e *endpoint) input() string {
	if e.file {
		return fileField
	}
	return strings.Join(e.fields, " ")
}

// The methods of endpoints without and with input, as in an Allow header.
const (
	methodsPlain = "GET, HEAD, POST, OPTIONS"
	methodsInput = "POST, OPTIONS"
)

func (e *endpoint) methods() string {
	if e.input() != "" {
		return methodsInput
	}
	return methodsPlain
}

// endpointSet holds rows of the table, a bit for each.
type endpointSet uint16

func (s endpointSet) has(i int) bool { return s&(1<<i) != 0 }

// endpointNames are the words that a key's Endpoints may hold, with the row
// of each.
func endpointNames() map[string]int {
	names := make(map[string]int, len(endpoints))
	for i := range endpoints {
		if endpoints[i].switched != nil {
			names[endpoints[i].field] = i
		}
	}
	return names
}
