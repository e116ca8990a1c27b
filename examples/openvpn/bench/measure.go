package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/openvpn"
)

// Goals of what is measured.
const (
	goalStart  = 5.0   // ms over plain openvpn
	goalKill   = 500.0 // ms
	goalChange = 10.0  // ms
	goalMemory = 0.5   // MB
	fewer      = 10    // rounds of what takes long
)

// line is one of the table.
func line(name, unit string, ours, plain, goal float64) []string {
	reached, beside := "yes", ""
	if ours > goal {
		reached = "no"
	}
	if plain > 0 {
		beside = benchkit.Number(plain)
	}
	return []string{name, unit, benchkit.Number(ours), beside, "<= " + benchkit.Number(goal), reached}
}

func measure(ctx context.Context, r *rig, pairs int) (lines [][]string, err error) {
	ours, plain, over, err := starts(ctx, r, pairs)
	if err != nil {
		return nil, err
	}
	lines = append(lines, []string{"start to CONNECTED, median of pairs", "ms", benchkit.Number(ours), benchkit.Number(plain), "", ""},
		line("the same, ours over plain, median of differences", "ms", over, 0, goalStart))
	killed, err := kills(ctx, r)
	if err != nil {
		return nil, err
	}
	lines = append(lines, line("kill -9 of a client to CONNECTED again", "ms", killed, 0, goalKill))
	changed, err := changes(ctx, r)
	if err != nil {
		return nil, err
	}
	lines = append(lines, line("SIGUSR1 to the status reconnecting, openvpn's part included", "ms", changed, 0, goalChange))
	took, memory, err := many(ctx, r)
	if err != nil {
		return nil, err
	}
	return append(lines,
		[]string{fmt.Sprintf("%d instances started at once, until all are CONNECTED", crowd), "s", benchkit.Number(took), "", "none lost", "yes"},
		line("memory of our side for each of them (RSS)", "MB", memory, 0, goalMemory)), nil
}

func connected(s openvpn.InstanceStatus) bool {
	return s.Name == single && s.State == openvpn.StateConnected
}

// starts starts ours and plain openvpn in turn.
func starts(ctx context.Context, r *rig, pairs int) (ours, plain, over float64, err error) {
	files, err := r.config()
	if err != nil {
		return 0, 0, 0, err
	}
	var a, b, differences []float64
	for i := range pairs {
		for _, own := range []bool{i%2 == 0, i%2 != 0} {
			begin := time.Now()
			if own {
				err = r.service.StartInstance(single)
				if err == nil {
					err = r.await(ctx, connected)
				}
				a = append(a, milliseconds(begin))
				if err == nil {
					err = r.service.StopInstance(ctx, single)
				}
			} else {
				var cmd *exec.Cmd
				cmd, err = r.plain(exec.CommandContext(ctx, r.wrapper), "plain", files)
				b = append(b, milliseconds(begin))
				stop(cmd)
			}
			if err != nil {
				return 0, 0, 0, err
			}
		}
		differences = append(differences, a[i]-b[i])
	}
	return benchkit.Median(a), benchkit.Median(b), benchkit.Median(differences), nil
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// pid returns the process of the single instance.
func (r *rig) pid() int {
	all := r.service.Status().Instances
	return all[slices.IndexFunc(all, func(s openvpn.InstanceStatus) bool { return s.Name == single })].PID
}

func kills(ctx context.Context, r *rig) (float64, error) {
	if err := r.service.StartInstance(single); err != nil {
		return 0, err
	}
	if err := r.await(ctx, connected); err != nil {
		return 0, err
	}
	var took []float64
	for range fewer {
		// A process that dies again and again is started later and later: a
		// minute of health would count as a new life, which is too long here.
		if err := r.service.RestartInstance(single); err != nil {
			return 0, err
		}
		if err := r.await(ctx, func(s openvpn.InstanceStatus) bool { return s.Name == single && s.State != openvpn.StateConnected }); err != nil {
			return 0, err
		}
		if err := r.await(ctx, connected); err != nil {
			return 0, err
		}
		old := r.pid()
		begin := time.Now()
		if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
			return 0, err
		}
		if err := r.await(ctx, func(s openvpn.InstanceStatus) bool { return connected(s) && s.PID != old }); err != nil {
			return 0, err
		}
		took = append(took, milliseconds(begin))
	}
	return benchkit.Median(took), nil
}

// changes measures from a signal to openvpn to the status.
func changes(ctx context.Context, r *rig) (float64, error) {
	var took []float64
	for range fewer {
		begin := time.Now()
		if err := syscall.Kill(r.pid(), syscall.SIGUSR1); err != nil {
			return 0, err
		}
		if err := r.await(ctx, func(s openvpn.InstanceStatus) bool { return s.Name == single && s.State == openvpn.StateReconnecting }); err != nil {
			return 0, err
		}
		took = append(took, milliseconds(begin))
		if err := r.await(ctx, connected); err != nil {
			return 0, err
		}
	}
	return benchkit.Median(took), nil
}

// many starts the crowd.
func many(ctx context.Context, r *rig) (seconds, megabytes float64, err error) {
	before, err := memory()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	for i := range crowd {
		if err := r.service.StartInstance(fmt.Sprintf("i%02d", i)); err != nil {
			return 0, 0, err
		}
	}
	waiting := map[string]bool{}
	for i := range crowd {
		waiting[fmt.Sprintf("i%02d", i)] = true
	}
	err = r.await(ctx, func(s openvpn.InstanceStatus) bool {
		if s.State == openvpn.StateConnected {
			delete(waiting, s.Name)
		}
		return len(waiting) == 0
	})
	seconds = time.Since(begin).Seconds()
	if err != nil {
		return 0, 0, fmt.Errorf("lost: %v: %w", waiting, err)
	}
	after, err := memory()
	if err != nil {
		return 0, 0, err
	}
	for _, s := range r.service.Status().Instances {
		if strings.HasPrefix(s.Name, "i") && s.State != openvpn.StateConnected {
			return 0, 0, fmt.Errorf("lost: %s is %s", s.Name, s.State)
		}
	}
	return seconds, (after - before) / crowd, nil
}

// memory returns what this program has, in MB, without what it could give
// back.
func memory() (float64, error) {
	debug.FreeOSMemory()
	proc, err := procfs.NewProc(os.Getpid())
	if err != nil {
		return 0, err
	}
	status, err := proc.NewStatus()
	return float64(status.VmRSS) / 1e6, err
}
