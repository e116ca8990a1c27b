package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// What the endpoints do, in the order of the table.

func (h *Handler) version(a *answer) error {
	return a.json(versionBody{API: h.versions.API, Patch: h.versions.Patch, Sync: h.versions.Sync})
}

func (h *Handler) actions(a *answer) error {
	return a.json(encodeActions(h.table, h.on&a.opens))
}

func (h *Handler) syncVersion(a *answer) error {
	return a.json(syncVersionBody{Sync: h.versions.Sync})
}

func (h *Handler) sync(a *answer) error {
	if !h.files.TryLock() {
		return errFileBusy
	}
	defer h.files.Unlock()
	var report string
	err := a.file(h.maxSync, "The configuration is not taken", func(ctx context.Context, file io.Reader) (err error) {
		report, err = h.providers.Sync.Sync(ctx, file)
		return err
	})
	report = shorten(report, maxReport)
	var p *problem
	if errors.As(err, &p) && p.provider && (report != "" || p.status == http.StatusUnprocessableEntity) {
		a.sendJSON(p.status, syncErrorBody{Output: report, Error: p.sentence})
		return err
	}
	if err != nil {
		return err
	}
	return a.json(syncBody{Output: report})
}

func (h *Handler) syslog(a *answer) error {
	return a.text("The system log cannot be read", h.providers.Syslog.WriteLog)
}

func (h *Handler) systemInfo(a *answer) error {
	ctx, cancel := a.providerContext()
	defer cancel()
	info, err := h.providers.System.SystemInfo(ctx)
	if err != nil {
		return providerProblem("The system information cannot be read", ctx, err)
	}
	return a.json(encodeSystemInfo(info))
}

func (h *Handler) gsmInfo(a *answer) error {
	ctx, cancel := a.providerContext()
	defer cancel()
	info, err := h.providers.Modem.ModemInfo(ctx)
	if err != nil {
		return providerProblem("The modem cannot be read", ctx, err)
	}
	return a.json(encodeModemInfo(info))
}

func (h *Handler) devices(a *answer) error {
	ctx, cancel := a.providerContext()
	defer cancel()
	devices, err := h.providers.Points.Devices(ctx)
	if err != nil {
		return providerProblem("The devices cannot be read", ctx, err)
	}
	return a.list(devicesBody{Total: encodeCount(len(devices)), Devices: []deviceBody{}},
		len(devices), func(i int) any { return encodeDevice(devices[i]) })
}

func (h *Handler) deviceInfo(a *answer) error {
	alias, err := a.deviceAlias()
	if err != nil {
		return err
	}
	ctx, cancel := a.providerContext()
	defer cancel()
	device, err := h.providers.Points.Device(ctx, alias)
	if err != nil {
		return pointsProblem("The device cannot be read", ctx, err, alias, "")
	}
	return a.json(deviceInfoBody{Devices: []deviceBody{encodeDevice(device)}})
}

func (h *Handler) deviceTags(a *answer) error {
	alias, err := a.deviceAlias()
	if err != nil {
		return err
	}
	ctx, cancel := a.providerContext()
	defer cancel()
	tags, err := h.providers.Points.Tags(ctx, alias)
	if err != nil {
		return pointsProblem("The tags cannot be read", ctx, err, alias, "")
	}
	return a.list(deviceTagsBody{Total: encodeCount(len(tags)), Signals: []deviceTagBody{}},
		len(tags), func(i int) any { return encodeTag(tags[i]).deviceTagBody })
}

func (h *Handler) tagValue(a *answer) error {
	aliases, err := a.fields(deviceField, signalField)
	if err != nil {
		return err
	}
	device, signal := aliases[0], aliases[1]
	switch {
	case !validAlias(device):
		return unknownDevice(device, nil)
	case !validAlias(signal):
		return unknownTag(device, signal, nil)
	}
	ctx, cancel := a.providerContext()
	defer cancel()
	value, err := h.providers.Points.Value(ctx, device, signal)
	if err != nil {
		return pointsProblem("The value cannot be read", ctx, err, device, signal)
	}
	return a.json(encodeTagValue(value))
}

func (h *Handler) tags(a *answer) error {
	ctx, cancel := a.providerContext()
	defer cancel()
	tags, err := h.providers.Points.Tags(ctx, "")
	if err != nil {
		return providerProblem("The tags cannot be read", ctx, err)
	}
	return a.list(tagsBody{Total: encodeCount(len(tags)), Signals: []tagBody{}},
		len(tags), func(i int) any { return encodeTag(tags[i]) })
}

func (h *Handler) sysupgrade(a *answer) error {
	if !h.files.TryLock() {
		return errFileBusy
	}
	defer h.files.Unlock()
	var apply func() error
	err := a.file(h.maxFirmware, "The firmware is not taken", func(ctx context.Context, image io.Reader) (err error) {
		apply, err = h.providers.Upgrade.Receive(ctx, image)
		return err
	})
	if err != nil {
		return err
	}
	a.w.Header().Set("Connection", "close") // no further request waits behind the upgrade
	a.sendJSON(http.StatusOK, statusBody{Status: "accepted"})
	if err := a.flush(); err != nil {
		return fmt.Errorf("the firmware is not applied, since its answer could not be sent: %w", err)
	}
	if err := apply(); err != nil {
		return fmt.Errorf("the firmware was accepted and is not applied: %w", err)
	}
	return nil
}

func (h *Handler) openAPI(a *answer) error {
	a.sendBytes(http.StatusOK, jsonType, h.document)
	return nil
}

// options tells the methods of an endpoint.
func (h *Handler) options(a *answer, e *endpoint) error {
	a.w.Header().Set("Allow", e.methods())
	a.begin(http.StatusNoContent)
	a.whole = true
	return nil
}

// deviceAlias reads the form of an endpoint that is about one device.
func (a *answer) deviceAlias() (string, error) {
	aliases, err := a.fields(deviceField)
	if err != nil {
		return "", err
	}
	if !validAlias(aliases[0]) {
		return "", unknownDevice(aliases[0], nil)
	}
	return aliases[0], nil
}

// validAlias reports whether a device or a tag may have this alias. Providers
// are asked for no other: it may be part of the name of a topic or a file.
func validAlias(s string) bool {
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxAlias
}

// maxAlias bounds an alias, in characters.
const maxAlias = 128

// maxReport bounds the report of a sync, in bytes.
const maxReport = 256 << 10

// shorten cuts text to limit bytes at most, after a whole line if it can.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	if i := strings.LastIndexByte(text, '\n'); i > 0 {
		text = text[:i+1]
	}
	return text + "(cut here)\n"
}
