package benchkit

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// Load returns how busy the machine is, as the load average of a minute.
func Load() (float64, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	load, err := fs.LoadAvg()
	if err != nil {
		return 0, err
	}
	return load.Load1, nil
}

// Machine tells what the figures are taken on, and how busy it is with other
// things now.
func Machine() (string, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return "", err
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 {
		return "", fmt.Errorf("no processor is known: %w", err)
	}
	load, err := Load()
	if err != nil {
		return "", err
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d processors %s, Linux %s, %s; load average at the beginning %.2f", runtime.NumCPU(),
		cpus[0].ModelName, strings.TrimSpace(string(release)), runtime.Version(), load), nil
}
