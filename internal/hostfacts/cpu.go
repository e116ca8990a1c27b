package hostfacts

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// CPU holds the time that all processors together have spent since boot, in
// ticks of 10 ms (the kernel's USER_HZ), by purpose. Source: the "cpu" line
// of /proc/stat, proc_stat(5).
//
// IOWait is an estimate that the kernel may step back; whoever serves it as
// a counter has to keep it from falling.
type CPU struct {
	User    uint64 // processes, guests of a hypervisor included
	Nice    uint64 // processes of low priority
	System  uint64 // kernel, interrupts excluded
	Idle    uint64
	IOWait  uint64 // idle while a disk was awaited
	IRQ     uint64 // hardware interrupts
	SoftIRQ uint64 // deferred work of interrupts
	Steal   uint64 // taken by the hypervisor
	Count   int    // processors online, at least 1
}

// userHZ is the number of ticks per second in /proc/stat on every Linux port
// but Alpha; procfs divides by the same number.
const userHZ = 100

// CPU reads the processors' times.
func (h *Host) CPU() (CPU, error) {
	const name = "proc/stat"
	proc, err := h.proc()
	if err != nil {
		return CPU{}, err
	}
	stat, err := proc.Stat()
	if err != nil {
		return CPU{}, h.fault(name, err)
	}
	if len(stat.CPU) == 0 {
		return CPU{}, h.fault(name, errors.New("it lists no processor"))
	}
	cpu, err := cpuOf(stat.CPUTotal)
	if err != nil {
		return CPU{}, h.fault(name, err)
	}
	cpu.Count = len(stat.CPU)
	return cpu, nil
}

// cpuOf turns the seconds of procfs back into the kernel's whole ticks.
func cpuOf(seconds procfs.CPUStat) (CPU, error) {
	var cpu CPU
	for _, column := range []struct {
		to      *uint64
		seconds float64
	}{
		{&cpu.User, seconds.User},
		{&cpu.Nice, seconds.Nice},
		{&cpu.System, seconds.System},
		{&cpu.Idle, seconds.Idle},
		{&cpu.IOWait, seconds.Iowait},
		{&cpu.IRQ, seconds.IRQ},
		{&cpu.SoftIRQ, seconds.SoftIRQ},
		{&cpu.Steal, seconds.Steal},
	} {
		ticks := math.Round(column.seconds * userHZ)
		if !(ticks >= 0 && ticks < 1<<53) { // also refuses NaN
			return CPU{}, fmt.Errorf("%v is not a number of ticks", ticks)
		}
		*column.to = uint64(ticks)
	}
	return cpu, nil
}

// Load holds the mean length of the run queue over 1, 5 and 15 minutes, in
// hundredths (2.02 is 202). Source: /proc/loadavg, proc_loadavg(5).
type Load struct {
	One, Five, Fifteen uint64
}

// Load reads the load averages.
func (h *Host) Load() (Load, error) {
	const name = "proc/loadavg"
	text, err := h.read(name)
	if err != nil {
		return Load{}, err
	}
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return Load{}, h.fault(name, fmt.Errorf("%q has fewer than three load averages", text))
	}
	var load Load
	for i, to := range []*uint64{&load.One, &load.Five, &load.Fifteen} {
		if *to, err = hundredths(fields[i]); err != nil {
			return Load{}, h.fault(name, err)
		}
	}
	return load, nil
}

// hundredths reads a number with exactly two decimals, the form of the load
// averages and the uptime, without a detour over floating point.
func hundredths(text string) (uint64, error) {
	whole, decimals, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole+decimals, 10, 64)
	if err != nil || whole == "" || len(decimals) != 2 {
		return 0, fmt.Errorf("%q is not a number with two decimals", text)
	}
	return n, nil
}
