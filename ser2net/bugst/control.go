package bugst

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.bug.st/serial"

	"github.com/fieldgate/fieldgate/ser2net"
)

// control is what the library has no means for, or no good ones. Its methods
// are safe for concurrent use.
type control interface {
	// attach is called once, before all others but close.
	attach(lib serial.Port)
	mode() (ser2net.Mode, error)
	setMode(m ser2net.Mode) error // after the library's
	lines() (ser2net.Lines, error)
	setLines(dtr, rts *bool) error
	setBreak(ctx context.Context, on bool) error
	drain(ctx context.Context) error
	counters() (ser2net.Counters, error)
	drop() // output that the hardware has not taken
	wake() // lets a writer see that there is room
	hangUp()
	close()
}

// narrow is the control that only the library gives.
type narrow struct {
	lib serial.Port

	mu       sync.Mutex
	last     ser2net.Mode
	dtr, rts bool
}

func openNarrow(string) (control, error) { return &narrow{dtr: true, rts: true}, nil }

func (n *narrow) attach(lib serial.Port) { n.lib = lib }

func (n *narrow) mode() (ser2net.Mode, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last, nil
}

func (n *narrow) setMode(m ser2net.Mode) error {
	m = m.Normal()
	switch {
	case m.Flow != ser2net.FlowNone:
		return fmt.Errorf("go.bug.st/serial has no flow control: %w", errors.ErrUnsupported)
	case m.Carrier:
		return fmt.Errorf("go.bug.st/serial cannot heed DCD, only ignore it (local): %w", errors.ErrUnsupported)
	case m.HangUp:
		return fmt.Errorf("go.bug.st/serial cannot hang up at close: %w", errors.ErrUnsupported)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m.DTR, m.RTS, m.RS485 = nil, nil, ser2net.RS485{}
	n.last = m
	return nil
}

func (n *narrow) lines() (ser2net.Lines, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	bits, err := n.lib.GetModemStatusBits()
	if err != nil {
		return ser2net.Lines{}, err
	}
	return ser2net.Lines{DTR: n.dtr, RTS: n.rts, CTS: bits.CTS, DSR: bits.DSR, RI: bits.RI, DCD: bits.DCD}, nil
}

// setLines holds the lock, as the library reads and writes all lines to
// change one.
func (n *narrow) setLines(dtr, rts *bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.lib.GetModemStatusBits(); err != nil {
		return err
	}
	for _, line := range []struct {
		to  *bool
		at  *bool
		set func(bool) error
	}{{dtr, &n.dtr, n.lib.SetDTR}, {rts, &n.rts, n.lib.SetRTS}} {
		if line.to == nil {
			continue
		}
		if err := line.set(*line.to); err != nil {
			return err
		}
		*line.at = *line.to
	}
	return nil
}

func (n *narrow) setBreak(context.Context, bool) error {
	return fmt.Errorf("go.bug.st/serial cannot hold a break: %w", errors.ErrUnsupported)
}

// drain leaves the library waiting when ctx ends; Close frees it.
func (n *narrow) drain(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- n.lib.Drain() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *narrow) counters() (ser2net.Counters, error) {
	return ser2net.Counters{}, fmt.Errorf("go.bug.st/serial does not count: %w", errors.ErrUnsupported)
}

func (n *narrow) drop() { _ = n.lib.ResetOutputBuffer() }

func (n *narrow) wake() {}

func (n *narrow) hangUp() {}

func (n *narrow) close() {}
