package process_test

import (
	"context"
	"testing"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest/suite"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// reader is a runner whose processes are killed and read to their end when the
// test is over.
type reader struct {
	openvpn.Runner
	t *testing.T
}

func (r reader) read(p openvpn.Process) {
	r.t.Cleanup(func() { end(r.t, p) })
}

func (r reader) Start(ctx context.Context, l openvpn.Launch) (openvpn.Process, error) {
	p, err := r.Runner.Start(ctx, l)
	if err == nil {
		r.read(p)
	}
	return p, err
}

func (r reader) Adopt(ctx context.Context) ([]openvpn.Process, error) {
	all, err := r.Runner.Adopt(ctx)
	for _, p := range all {
		r.read(p)
	}
	return all, err
}

// The suite on this package and the fake program.
func TestSuite(t *testing.T) {
	suite.TestRunner(t, func(t *testing.T) suite.Rig {
		dir := folder(t)
		return suite.Rig{
			Runner:   reader{fake(t, process.Options{Folder: dir}), t},
			Connects: func(_ *testing.T, name string) openvpn.Launch { return launch(name) },
			Fails: func(_ *testing.T, name string) openvpn.Launch {
				return launch(name, `#fake options-error "it is no option"`)
			},
			Asks: func(_ *testing.T, name string) (openvpn.Launch, openvpn.Secret) {
				return launch(name, `#fake ask "Private Key" "" "a b"`), openvpn.NewSecret("a b")
			},
			Server: func(_ *testing.T, name string) openvpn.Launch {
				l := launch(name, "mode server", "#fake peer field")
				l.AskClients = true
				return l
			},
			Call:      func(*testing.T, string) {}, // it has come by itself
			Successor: func(t *testing.T) openvpn.Runner { return reader{fake(t, process.Options{Folder: dir}), t} },
		}
	})
}
