package hub

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	modbus "github.com/grid-x/modbus"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/internal/backoff"
)

// Pauses after a device that does not answer.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
)

// poller reads one device.
type poller struct {
	device  hubconfig.Device
	signals []hubconfig.Signal
	asker   *asker
	log     *slog.Logger
	groups  []*group

	mu       sync.RWMutex
	readings []reading // of the signals
	status   DeviceStatus

	cancel context.CancelFunc // ends run; nil before its start
	done   chan struct{}      // closed after run
}

func newPoller(d hubconfig.Device, signals []hubconfig.Signal, a *asker, log *slog.Logger) *poller {
	p := &poller{
		device: d, signals: signals, asker: a, log: log.With("device", d.Alias),
		groups: plan(d, signals), readings: make([]reading, len(signals)), done: make(chan struct{}),
		status: DeviceStatus{Alias: d.Alias, State: StateWaiting},
	}
	for i := range p.readings {
		p.readings[i].flags = api.FlagNonTopical
	}
	return p
}

// same tells whether p reads just this.
func (p *poller) same(d hubconfig.Device, signals []hubconfig.Signal) bool {
	return p.device == d && slices.Equal(p.signals, signals)
}

// signalSource is one signal of a poller.
type signalSource struct {
	poller *poller
	index  int
}

func (s signalSource) reading() reading {
	s.poller.mu.RLock()
	defer s.poller.mu.RUnlock()
	return s.poller.readings[s.index]
}

func (p *poller) start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(ctx)
	go func() {
		defer close(p.done)
		p.run(ctx)
		p.asker.transport.close()
		p.flagAll(api.FlagNonTopical)
	}()
}

// stop ends the reading and waits for the end. It may be called before start.
func (p *poller) stop() {
	if p.cancel != nil {
		p.cancel()
		<-p.done
	}
}

func (p *poller) run(ctx context.Context) {
	if len(p.groups) == 0 {
		return
	}
	retry := backoff.Backoff{Min: minPause, Max: maxPause}
	for {
		g := slices.MinFunc(p.groups, func(a, b *group) int { return a.due.Compare(b.due) })
		if pause(ctx, time.Until(g.due)) != nil {
			return
		}
		begun := time.Now()
		err := p.poll(ctx, g)
		if ctx.Err() != nil {
			return
		}
		p.scanned(err, time.Since(begun))
		if err != nil {
			if pause(ctx, retry.Next()) != nil {
				return
			}
			continue // what was due is due still
		}
		retry.Reset()
		// Rounds keep their rhythm; those that were missed are left out.
		if g.due = g.due.Add(g.every); g.due.Before(begun) {
			g.due = begun.Add(g.every)
		}
	}
}

// poll reads a group once. The error says that the device does not answer.
func (p *poller) poll(ctx context.Context, g *group) error {
	for i := 0; i < len(g.blocks); i++ {
		b := g.blocks[i]
		data, err := p.asker.ask(ctx, b.job)
		var exception *modbus.Error
		var silent *noAnswer
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			p.set(b, data, time.Now())
		case errors.As(err, &silent):
			p.flagAll(api.FlagNonTopical)
			return err
		case errors.As(err, &exception) && b.joined &&
			(exception.ExceptionCode == modbus.ExceptionCodeIllegalDataAddress || exception.ExceptionCode == modbus.ExceptionCodeIllegalDataValue):
			p.log.Info("hub: refused a joined request, its jobs are sent one by one", "job", b.job.String())
			g.split(i)
			i--
		default:
			p.flag(b, api.FlagInvalid, err)
		}
	}
	return nil
}

func (p *poller) set(b block, data []byte, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Answers++
	for _, point := range b.points {
		n, flags := point.decode(b.job, data)
		p.readings[point.signal] = reading{n, flags, at.UnixNano()}
	}
}

// flag adds a flag to the signals of a block, whose answer was bad.
func (p *poller) flag(b block, f api.Flags, reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.BadAnswers++
	p.status.LastBad = reason.Error()
	for _, point := range b.points {
		p.readings[point.signal].flags |= f
	}
}

// flagAll adds a flag to all signals.
func (p *poller) flagAll(f api.Flags) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.readings {
		p.readings[i].flags |= f
	}
}

// scanned notes the end of a round, and logs a change of state.
func (p *poller) scanned(err error, took time.Duration) {
	p.mu.Lock()
	before := p.status.State
	if err != nil {
		p.status.State, p.status.Problem = StateSilent, err.Error()
		p.status.Silences++
	} else {
		p.status.State, p.status.Problem, p.status.LastScan = StateAnswering, "", took
	}
	after := p.status.State
	p.mu.Unlock()
	switch {
	case before == after:
	case after == StateSilent:
		p.log.Warn("hub: the device does not answer", "error", err)
	default:
		p.log.Info("hub: the device answers")
	}
}

func (p *poller) state() DeviceStatus {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.status
}
