package hub

import (
	"context"
	"errors"
	"fmt"

	modbus "github.com/grid-x/modbus"

	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// transport sends requests to one device. It is for one goroutine.
type transport interface {
	// exchange sends a frame and returns the answer. Errors that wrap
	// errMalformed are about an answer; others mean that there was none.
	exchange(ctx context.Context, request []byte) ([]byte, error)
	// repeat tells whether a request that failed is worth another try at
	// once.
	repeat(err error) bool
	// close gives back what exchange has opened; another exchange may follow.
	close()
}

// asker asks one device. It is for one goroutine.
type asker struct {
	transport transport
	client    modbus.Client
	ctx       context.Context // of the request under way: the library takes none
}

func newAsker(t transport, framing modbus.Packager, slave byte) *asker {
	framing.SetSlave(slave)
	a := &asker{transport: t}
	a.client = modbus.NewClient2(framing, a)
	return a
}

// Send implements [modbus.Transporter].
func (a *asker) Send(request []byte) ([]byte, error) {
	answer, err := a.transport.exchange(a.ctx, request)
	if err != nil && !errors.Is(err, errMalformed) {
		err = &noAnswer{err}
	}
	return answer, err
}

// noAnswer tells that the device was not heard.
type noAnswer struct{ reason error }

func (e *noAnswer) Error() string { return e.reason.Error() }
func (e *noAnswer) Unwrap() error { return e.reason }

// ask returns the data that job reads: two bytes a register, eight bits a
// byte. The error is a [*noAnswer], a [*modbus.Error] for an exception, or
// wraps errMalformed.
func (a *asker) ask(ctx context.Context, job hubconfig.Job) ([]byte, error) {
	data, err := a.once(ctx, job)
	if err != nil && ctx.Err() == nil && a.transport.repeat(err) {
		data, err = a.once(ctx, job)
	}
	return data, err
}

func (a *asker) once(ctx context.Context, job hubconfig.Job) ([]byte, error) {
	a.ctx = ctx
	read, length := a.client.ReadHoldingRegisters, 2*job.Count
	switch job.Function {
	case 1:
		read, length = a.client.ReadCoils, (job.Count+7)/8
	case 2:
		read, length = a.client.ReadDiscreteInputs, (job.Count+7)/8
	case 4:
		read = a.client.ReadInputRegisters
	}
	data, err := read(uint16(job.Start), uint16(job.Count))
	var exception *modbus.Error
	var silent *noAnswer
	switch {
	case err == nil && len(data) == length:
		return data, nil
	case err == nil:
		err = fmt.Errorf("%w: it has %d bytes of data, not %d", errMalformed, len(data), length)
	case errors.As(err, &exception):
		if int(exception.FunctionCode) == job.Function|0x80 {
			return nil, exception
		}
		err = fmt.Errorf("%w: it has the function %d", errMalformed, exception.FunctionCode)
	case errors.As(err, &silent):
	case !errors.Is(err, errMalformed):
		err = fmt.Errorf("%w: %w", errMalformed, err)
	}
	a.transport.close()
	return nil, err
}
