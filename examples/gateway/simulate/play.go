//go:build !no_simulate

package simulate

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// beat is how often something happens.
const beat = time.Second

// Play lets the peers send, until ctx has ended. It is called once.
func (d *Device) Play(ctx context.Context) {
	var wg sync.WaitGroup
	for _, name := range lineNames {
		wg.Go(func() { machine(ctx, d.lines[name].Far(), d.lines[name]) })
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		d.traffic(n)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	wg.Wait()
}

// swing is how much passes in a second, up and down in the course of minutes.
func swing(n int) uint64 {
	return uint64(2000 + 1500*math.Sin(float64(n)/30)) //nolint:gosec // never negative
}

// traffic passes a second's worth through everything that is up.
func (d *Device) traffic(n int) {
	bytes := swing(n)
	for _, c := range d.doc.IPsec.Connections {
		d.IKE.Pass(c.Name, bytes)
	}
	for _, i := range d.doc.OpenVPN.Instances {
		p := d.OpenVPN.Process(i.Name)
		switch {
		case p == nil:
		case i.Role == openvpn.RoleServer:
			d.member(i.Name, p.PID(), bytes)
		default:
			total := uint64(n) * 2000 //nolint:gosec // never negative
			p.Emit(openvpn.ByteCount{In: total, Out: total / 3})
		}
	}
}

// member lets a client use a server; a new process has none yet.
func (d *Device) member(instance string, pid int, bytes uint64) {
	p := d.OpenVPN.Process(instance)
	if p == nil {
		return
	}
	d.mu.Lock()
	if d.members[instance].pid != pid {
		d.members[instance] = member{pid, p.Join("van-7", "", "")}
	}
	cid := d.members[instance].client
	d.mu.Unlock()
	p.Traffic(cid, bytes, bytes/3)
}

// member is a client of a process.
type member struct {
	pid    int
	client uint64
}

// machine is what is attached to a serial line: it tells its value every
// second while somebody listens, and answers what it is asked.
func machine(ctx context.Context, far *ser2nettest.Port, line *ser2nettest.Line) {
	stop := context.AfterFunc(ctx, func() { _ = far.Close() }) // so that Read and Write end
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 256)
		for {
			n, err := far.Read(b)
			if err == nil {
				_, err = far.Write(fmt.Appendf(nil, "OK %d bytes\r\n", n))
			}
			if err != nil {
				return
			}
		}
	})
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if line.InUse() {
				_, _ = fmt.Fprintf(far, "P=%d W\r\n", swing(n)) // ends with the line
			}
		}
	}
	wg.Wait()
}
