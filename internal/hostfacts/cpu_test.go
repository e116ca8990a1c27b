package hostfacts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

func TestCPU(t *testing.T) {
	for name, c := range map[string]struct {
		stat string
		want hostfacts.CPU
	}{
		"one_processor_offline": {
			"cpu  8 0 0 40 0 0 0 3 0 0\ncpu0 4 0 0 20 0 0 0 0 0 0\ncpu2 4 0 0 20 0 0 0 3 0 0\n",
			hostfacts.CPU{User: 8, Idle: 40, Steal: 3, Count: 2},
		},
		"kernel_of_few_columns": {
			"cpu 1 2 3 4\ncpu0 1 2 3 4\n",
			hostfacts.CPU{User: 1, Nice: 2, System: 3, Idle: 4, Count: 1},
		},
		"every_tick_of_long_counts": { // 2852 years of one processor; no tick is lost in the seconds of procfs
			"cpu  9007199254739 9007199254738 9007199254737 9007199254736 7 6 5 3 0 0\ncpu0 1 2 3 4\n",
			hostfacts.CPU{
				User: 9007199254739, Nice: 9007199254738, System: 9007199254737, Idle: 9007199254736,
				IOWait: 7, IRQ: 6, SoftIRQ: 5, Steal: 3, Count: 1,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"proc/stat": c.stat})
			cpu, err := hostfacts.New(hostfacts.Options{Root: root}).CPU()
			require.NoError(t, err)
			assert.Equal(t, c.want, cpu)
		})
	}
}
