package api

import (
	"context"
	"errors"
	"io"
)

// Errors of [Sync] and [Upgrade].
var (
	// ErrRefused is wrapped by what is wrong with the file: status 422.
	ErrRefused = errors.New("refused")
	// ErrBusy says that another file is being dealt with: status 409.
	ErrBusy = errors.New("another one is under way")
)

// Sync takes configurations of the protocol hub.
type Sync interface {
	// Sync reads a configuration and puts it in force, whole or not at all.
	// The report is text for people, with the place of each fault; it may
	// come with an error that wraps [ErrRefused].
	//
	// It reads file to io.EOF before it puts anything in force. Any other
	// error of file (io.ErrUnexpectedEOF where the client broke off) is
	// returned wrapped, and so is that of a ctx that has ended; nothing has
	// changed then. While another call is under way it returns [ErrBusy],
	// at once and without reading.
	Sync(ctx context.Context, file io.Reader) (report string, err error)
}

// Upgrade takes firmware.
type Upgrade interface {
	// Receive stores an image and checks it; it touches nothing else. apply
	// starts the upgrade and returns once that is certain to go on; it is
	// called after the client has its answer, once, or never. An image that
	// is not wanted is an error that wraps [ErrRefused].
	//
	// It accepts nothing before image has given io.EOF. Any other error of
	// image (io.ErrUnexpectedEOF where the client broke off) is returned
	// wrapped, and so is that of a ctx that has ended; nothing is kept then.
	// While another call, or an apply, is under way it returns [ErrBusy], at
	// once and without reading. The next Receive makes an image void whose
	// apply was never called.
	Receive(ctx context.Context, image io.Reader) (apply func() error, err error)
}
