package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// brokenFile is the disturbance that leaves a configuration behind that cannot
// be read.
const brokenFile = "break the file"

// setting is one that the operator changes. Its value is a text or a number.
type setting struct {
	place string // of what is sent: a section, or a record such as ipsec/connections/demo1
	field string // below it, such as system.location
	areas area   // what its change touches: nothing else may be
	fresh func(rng *rand.Rand, n int) any
}

// settings are those that are changed by programs; the first by the form, too.
func settings() []setting {
	text := func(_ *rand.Rand, n int) any { return fmt.Sprintf("soak-%d", n) }
	return []setting{
		{"device", "model", web | snmp | reports, text},
		{"snmp", "system.location", snmp, text},
		{"ser2net/ports/flood", "signature", line2, text},
		{"ipsec/connections/demo1", "dpd_delay", 0, func(rng *rand.Rand, _ int) any { return fmt.Sprintf("%ds", 5+rng.IntN(50)) }},
		spare(),
		{"telemetry", "ring", reports, func(rng *rand.Rand, _ int) any { return 20 + rng.IntN(13) }},
		{"api", "limits.requests_per_second", web, func(rng *rand.Rand, _ int) any { return 1000 + rng.IntN(1000) }},
	}
}

// spare is an instance whose other end is not there.
func spare() setting {
	return setting{"openvpn/instances/spare", "enabled", 0, func(rng *rand.Rand, _ int) any { return rng.IntN(2) == 0 }}
}

// values are those of the settings, by place and field.
type values map[string]string

func (s setting) key() string { return s.place + " " + s.field }

// operator changes the configuration, and knows what it has to be.
type operator struct {
	*soak
	client *client // by the token
	pages  *client // by the forms
	n      int     // of changes

	saved     values            // what was acknowledged last
	doubt     []values          // what else may be saved since an answer did not come
	revisions map[uint64]values // what was acknowledged, by revision
	dirty     area              // what an apply will touch
}

func newOperator(s *soak) *operator {
	return &operator{
		soak: s, client: s.operatorClient(), pages: newClient(s.hosts.B.NS, "https://"+webAddress),
		revisions: make(map[uint64]values),
	}
}

func (o *operator) close() { o.client.close(); o.pages.close() }

func (o *operator) acts() []act {
	with := func(name string, weight int, f func(ctx context.Context, rng *rand.Rand) error) act {
		return act{name, weight, func(ctx context.Context, rng *rand.Rand) error {
			o.n++
			ctx = context.WithoutCancel(ctx) // an act is done as a whole
			err := f(ctx, rng)
			if err != nil && o.away(err) {
				o.ledger.failed(name, err)
				err = nil
			}
			if err == nil {
				err = o.look(ctx)
			}
			if err != nil && o.away(err) {
				return nil
			}
			return err
		}}
	}
	return []act{
		with("save by a program and apply", 8, o.saveAndApply(o.saveByProgram)),
		with("save by the form and apply", 5, o.saveAndApply(o.saveByForm)),
		with("save by the file and SIGHUP", 3, o.saveByFile),
		with(brokenFile, 1, o.breakFile),
		with("restore a revision and apply", 3, o.saveAndApply(o.restore)),
		with("two save at once", 3, o.race),
		with("apply and do not confirm", 1, o.unconfirmed),
		with("apply and confirm", 2, o.confirmed),
		with("restart a part", 4, o.restartPart),
	}
}

// away reports whether an error is that of a gateway that cannot be reached or
// begins anew, on purpose.
func (o *operator) away(err error) bool {
	var refused *refusal
	if errors.As(err, &refused) && refused.status != http.StatusServiceUnavailable {
		return strings.Contains(refused.text, "no space left") && o.ledger.caused(fullDisk, askTime)
	}
	var broken *brokenPromise
	return !errors.As(err, &broken) && o.ledger.excused(web, time.Now().Add(-askTime), time.Now())
}

// brokenPromise is what nothing excuses.
type brokenPromise struct{ text string }

func (b *brokenPromise) Error() string { return b.text }

// tree is what /services/config answers.
type tree struct {
	Revision uint64         `json:"revision"`
	Applied  uint64         `json:"applied"`
	Config   map[string]any `json:"config"`
}

// at returns where a value is in a configuration, whose lists are of records
// with names; nil: nowhere.
func at(node any, path ...string) (parent map[string]any, key string) {
	for i, key := range path {
		switch n := node.(type) {
		case map[string]any:
			if i == len(path)-1 {
				return n, key
			}
			node = n[key]
		case []any:
			found := slices.IndexFunc(n, func(one any) bool { m, _ := one.(map[string]any); return m["name"] == key })
			if found < 0 {
				return nil, ""
			}
			node = n[found]
		default:
			return nil, ""
		}
	}
	return nil, ""
}

// path of a setting in the whole configuration.
func (s setting) path() []string {
	return append(strings.Split(s.place, "/"), strings.Split(s.field, ".")...)
}

func valuesOf(config map[string]any) values {
	v := make(values)
	for _, s := range settings() {
		if parent, last := at(config, s.path()...); parent != nil && parent[last] != nil {
			v[s.key()] = fmt.Sprint(parent[last])
		}
	}
	return v
}

// look reads the configuration and wants what was acknowledged, or what is in
// doubt.
func (o *operator) look(ctx context.Context) error {
	var now tree
	if err := o.client.json(ctx, http.MethodGet, "/services/config", nil, &now); err != nil {
		return err
	}
	got := valuesOf(now.Config)
	if o.saved != nil && !slices.ContainsFunc(append(o.doubt, o.saved), func(v values) bool { return maps.Equal(v, got) }) {
		o.doubt, o.saved = nil, got
		return &brokenPromise{fmt.Sprintf("what was saved is not there: revision %d has %v", now.Revision, got)}
	}
	o.saved, o.doubt = got, nil
	o.revisions[now.Revision] = got
	o.ledger.count("ok: what was saved is there")
	return nil
}

// asked notes that something is to be saved, and returns what is to be called
// with the answer.
func (o *operator) asked(v values) (answered func(revision uint64, err error)) {
	return func(revision uint64, err error) {
		var refused *refusal
		switch {
		case err == nil:
			o.saved, o.doubt = v, nil
			o.revisions[revision] = v
			o.ledger.count("ok: saved")
		case errors.As(err, &refused): // nothing was saved
		default:
			o.doubt = append(o.doubt, v)
		}
	}
}

// with returns the values that are saved with another one of a setting.
func (o *operator) with(s setting, value any) values {
	v := maps.Clone(o.saved)
	v[s.key()] = fmt.Sprint(value)
	return v
}

func (o *operator) saveAndApply(save func(context.Context, *rand.Rand) error) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, rng *rand.Rand) error {
		if err := o.look(ctx); err != nil {
			return err
		}
		if err := save(ctx, rng); err != nil {
			return err
		}
		if rng.IntN(4) == 0 {
			return nil // applied by the next one
		}
		return o.apply(ctx, 0)
	}
}

type saved struct {
	Revision uint64 `json:"revision"`
}

// put changes a setting, based on a revision; 0: the newest.
func (o *operator) put(ctx context.Context, s setting, value any, base uint64) (uint64, error) {
	path := "/services/config/" + s.place
	var now tree
	if err := o.client.json(ctx, http.MethodGet, path, nil, &now); err != nil {
		return 0, err
	}
	parent, last := at(now.Config, strings.Split(s.field, ".")...)
	if parent == nil {
		return 0, fmt.Errorf("there is no %s %s", s.place, s.field)
	}
	parent[last] = value
	if base == 0 {
		base = now.Revision
	}
	var out saved
	err := o.client.json(ctx, http.MethodPut, path, map[string]any{"base": base, "config": now.Config}, &out)
	return out.Revision, err
}

func (o *operator) saveByProgram(ctx context.Context, rng *rand.Rand) error {
	defer o.ledger.touch("save by a program", 0)()
	all := settings()
	s := all[rng.IntN(len(all))]
	value := s.fresh(rng, o.n)
	o.dirty |= s.areas
	answered := o.asked(o.with(s, value))
	revision, err := o.put(ctx, s, value, 0)
	answered(revision, err)
	return err
}

var formBase = regexp.MustCompile(`name="base" value="(\d+)"`)

func (o *operator) saveByForm(ctx context.Context, _ *rand.Rand) error {
	defer o.ledger.touch("save by the form", 0)()
	model := settings()[0]
	value := fmt.Sprintf("soak-%d", o.n)
	page, err := o.pages.page(ctx, o.password, "/config/device")
	if err != nil {
		return err
	}
	m := formBase.FindStringSubmatch(page)
	if m == nil {
		return fmt.Errorf("there is no form: %.300s", page)
	}
	o.dirty |= model.areas
	answered := o.asked(o.with(model, value))
	_, err = o.pages.form(ctx, "/config/device", url.Values{"base": {m[1]}, "model": {value}, "serial": {telemetrySerial}})
	answered(0, err)
	delete(o.revisions, 0) // the form does not tell it
	return err
}

// saveByFile writes the file, as people do, and has it read.
func (o *operator) saveByFile(ctx context.Context, _ *rand.Rand) error {
	if err := o.look(ctx); err != nil {
		return err
	}
	model := settings()[0]
	path := filepath.Join(o.gateway.state, "gateway.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	value := fmt.Sprintf("soak-%d", o.n)
	old := o.saved[model.key()]
	changed := regexp.MustCompile(`\bmodel: "?`+regexp.QuoteMeta(old)+`"?`).ReplaceAllString(string(text), "model: "+value)
	if changed == string(text) {
		return &brokenPromise{fmt.Sprintf("gateway.yaml does not have the model %s that was saved", old)}
	}
	defer o.ledger.touch("save by the file", o.dirty|model.areas)()
	o.doubt = append(o.doubt, o.with(model, value))
	if err := replaceFile(path, changed); err != nil {
		return err
	}
	if err := o.gateway.signal(syscall.SIGHUP); err != nil {
		return err
	}
	err = o.until(ctx, "the file is taken over", func(now tree) bool {
		return valuesOf(now.Config)[model.key()] == value && now.Applied == now.Revision
	})
	if err == nil {
		o.saved, o.doubt, o.dirty = o.with(model, value), nil, 0
	}
	return err
}

func replaceFile(path, text string) error {
	if err := os.WriteFile(path+".edit", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".edit", path)
}

// breakFile leaves a file behind that cannot be read, until something is saved.
func (o *operator) breakFile(ctx context.Context, rng *rand.Rand) error {
	if err := o.look(ctx); err != nil {
		return err
	}
	defer o.ledger.disturb(brokenFile, 0)()
	path := filepath.Join(o.gateway.state, "gateway.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := replaceFile(path, string(text)+"\ndevice: [\n"); err != nil {
		return err
	}
	if err := o.gateway.signal(syscall.SIGHUP); err != nil {
		return err
	}
	wait(ctx, 2*time.Second)
	return o.saveByProgram(ctx, rng)
}

// until looks at the configuration until it is so.
func (o *operator) until(ctx context.Context, what string, so func(tree) bool) error {
	var last error
	for end := time.Now().Add(askTime); time.Now().Before(end); wait(ctx, 200*time.Millisecond) {
		var now tree
		if last = o.client.json(ctx, http.MethodGet, "/services/config", nil, &now); last == nil && so(now) {
			return nil
		}
	}
	return fmt.Errorf("%s: not within %v: %w", what, askTime, last)
}

// restore makes an older revision the newest.
func (o *operator) restore(ctx context.Context, rng *rand.Rand) error {
	defer o.ledger.touch("restore a revision", 0)()
	var now tree
	if err := o.client.json(ctx, http.MethodGet, "/services/config/device", nil, &now); err != nil {
		return err
	}
	known := slices.Sorted(maps.Keys(o.revisions))
	if len(known) == 0 {
		return nil
	}
	revision := known[max(0, len(known)-10)+rng.IntN(min(10, len(known)))]
	if revision+20 < now.Revision {
		return nil // it may be gone by now
	}
	o.dirty |= everything &^ (line0 | line1 | tunnels | vpn | devices)
	answered := o.asked(o.revisions[revision])
	var out saved
	err := o.client.json(ctx, http.MethodPost, "/services/restore", map[string]any{"base": now.Revision, "revision": revision}, &out)
	answered(out.Revision, err)
	return err
}

// apply puts what is saved into force; nothing but what has changed may be
// touched.
func (o *operator) apply(ctx context.Context, confirm int) error {
	defer o.ledger.touch("apply", o.dirty)()
	err := o.client.json(ctx, http.MethodPost, "/services/apply", map[string]any{"confirm_seconds": confirm}, nil)
	if err == nil {
		o.dirty = 0
		o.ledger.count("ok: applied")
	}
	return err
}

// race has two save on the same revision: one of them only may.
func (o *operator) race(ctx context.Context, rng *rand.Rand) error {
	if err := o.look(ctx); err != nil {
		return err
	}
	defer o.ledger.touch("two save at once", 0)()
	var now tree
	if err := o.client.json(ctx, http.MethodGet, "/services/config", nil, &now); err != nil {
		return err
	}
	s := settings()[1]
	o.dirty |= s.areas
	type answer struct {
		revision uint64
		err      error
	}
	answers := make([]chan answer, 2)
	for i := range answers {
		answers[i] = make(chan answer, 1)
		go func() {
			r, err := o.put(ctx, s, fmt.Sprintf("soak-%d-%d", o.n, i), now.Revision)
			answers[i] <- answer{r, err}
		}()
	}
	won, before := 0, o.saved
	var refusals, failures []error
	for i, c := range answers {
		a := <-c
		v := maps.Clone(before)
		v[s.key()] = fmt.Sprintf("soak-%d-%d", o.n, i)
		var refused *refusal
		switch {
		case a.err == nil:
			won++
			o.saved = v
			o.revisions[a.revision] = v
		case errors.As(a.err, &refused) && refused.status < http.StatusInternalServerError:
			refusals = append(refusals, a.err)
		default:
			o.doubt = append(o.doubt, v)
			failures = append(failures, a.err)
		}
	}
	if won < 2 && len(refusals) < 2 {
		return errors.Join(failures...)
	}
	base := now.Revision
	if err := o.client.json(ctx, http.MethodGet, "/services/config", nil, &now); err != nil {
		return err
	}
	if won == 0 && now.Revision != base {
		return nil // the gateway itself was the third, and has taken back what nobody confirmed
	}
	return &brokenPromise{fmt.Sprintf("of two that save at once, %d were told that they have: %v", won, errors.Join(refusals...))}
}

// toConfirm saves and applies something that has to be confirmed within a
// time, and returns what comes back otherwise.
func (o *operator) toConfirm(ctx context.Context, rng *rand.Rand, seconds int) (before values, touches area, err error) {
	if err := o.look(ctx); err != nil {
		return nil, 0, err
	}
	if err := o.apply(ctx, 0); err != nil { // so that it is known what comes back
		return nil, 0, err
	}
	before = o.saved
	if err := o.saveByProgram(ctx, rng); err != nil {
		return nil, 0, err
	}
	touches = o.dirty
	o.doubt = append(o.doubt, before)
	return before, touches, o.apply(ctx, seconds)
}

// unconfirmed lets the time to confirm run out: what was in force comes back.
func (o *operator) unconfirmed(ctx context.Context, rng *rand.Rand) error {
	const seconds = 5
	before, touches, err := o.toConfirm(ctx, rng, seconds)
	if err != nil {
		return err
	}
	defer o.ledger.touch("not confirmed", touches)()
	over := time.Now().Add((seconds + 1) * time.Second) // what was saved may be what was there
	return o.until(ctx, "what nobody confirmed is taken back", func(now tree) bool {
		return time.Now().After(over) && now.Revision == now.Applied && maps.Equal(valuesOf(now.Config), before)
	})
}

// confirmed confirms in time.
func (o *operator) confirmed(ctx context.Context, rng *rand.Rand) error {
	if _, _, err := o.toConfirm(ctx, rng, 60); err != nil {
		return err
	}
	var err error
	for end := time.Now().Add(askTime); time.Now().Before(end); wait(ctx, time.Second) {
		err = o.client.json(ctx, http.MethodPost, "/services/confirm", nil, nil)
		var refused *refusal
		switch {
		case err == nil:
			o.doubt = nil
			o.ledger.count("ok: confirmed")
			return nil
		case errors.As(err, &refused) && refused.status == http.StatusConflict && o.ledger.excused(everything, end.Add(-2*askTime), time.Now()):
			return nil // the gateway has begun anew, and has taken it back
		}
	}
	return err
}

// restartPart restarts one tunnel, instance or port as people do.
func (o *operator) restartPart(ctx context.Context, rng *rand.Rand) error {
	parts := []struct {
		path  string
		areas area
	}{
		{"ipsec/demo0/restart", tunnels}, {"openvpn/office/restart", vpn}, {"openvpn/service/restart", vpn},
		{"ser2net/raw/restart", line0}, {"ser2net/telnet/restart", line1}, {"ser2net/flood/restart", line2},
	}
	part := parts[rng.IntN(len(parts))]
	defer o.ledger.touch("restart a part", part.areas)()
	begun := time.Now()
	err := o.client.json(ctx, http.MethodPost, "/services/items/"+part.path, nil, nil)
	var refused *refusal
	if errors.As(err, &refused) && o.ledger.disturbed(part.areas, begun.Add(-grace[tunnels]), "restart a part") {
		o.ledger.failed("restart a part", err)
		return nil
	}
	return err
}
