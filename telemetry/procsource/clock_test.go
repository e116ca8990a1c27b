package procsource

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClock(t *testing.T) {
	built := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	const (
		ok     = 0      // TIME_OK
		insert = 1      // TIME_INS, a leap second is due
		pll    = 0x0001 // STA_PLL
		nano   = 0x2000 // STA_NANO
	)
	for name, tc := range map[string]struct {
		at   time.Time
		told kernelClock
		err  error
		want bool
	}{
		"synchronized":            {built.Add(time.Hour), kernelClock{ok, pll | nano}, nil, true},
		"at the build date":       {built, kernelClock{ok, pll}, nil, true},
		"before the build date":   {built.Add(-time.Second), kernelClock{ok, pll}, nil, false},
		"leap second due":         {built, kernelClock{insert, pll | 0x0010}, nil, true},
		"not synchronized":        {built, kernelClock{timeError, unsynced}, nil, false},
		"only the status says so": {built, kernelClock{ok, pll | unsynced}, nil, false},
		"only the state says so":  {built, kernelClock{timeError, pll}, nil, false},
		"cannot be asked":         {built, kernelClock{ok, pll}, errors.New("operation not permitted"), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(tc.at))
				now, trusted := clock(built, func() (kernelClock, error) { return tc.told, tc.err })()
				assert.Equal(t, tc.want, trusted)
				assert.True(t, now.Equal(tc.at), "the time is given in any case: %s", now)
			})
		})
	}
}

// The answer may change from one report to the next.
func TestClockAsksEachTime(t *testing.T) {
	told := kernelClock{timeError, unsynced}
	now := clock(time.Time{}, func() (kernelClock, error) { return told, nil })
	_, trusted := now()
	assert.False(t, trusted)
	told = kernelClock{}
	_, trusted = now()
	assert.True(t, trusted)
}

// busybox asks the kernel of this machine in its own way.
func TestIntegrationClockAgreesWithBusybox(t *testing.T) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("busybox is missing: make peers")
		}
		t.Skip("needs busybox")
	}
	out, err := exec.Command(path, "adjtimex").CombinedOutput()
	require.NoError(t, err, "%s", out)
	number := func(what string) int {
		found := regexp.MustCompile(what + `:\s+(-?\d+)`).FindSubmatch(out)
		require.NotNil(t, found, "no %s in %s", what, out)
		n, err := strconv.Atoi(string(found[1]))
		require.NoError(t, err)
		return n
	}
	state, status := number("return value"), number("status")
	k, err := adjtimex()
	require.NoError(t, err)
	assert.Equal(t, kernelClock{state, int32(status)}, k)

	now, trusted := Clock(time.Unix(0, 0))()
	assert.Equal(t, state != 5 && status&0x40 == 0, trusted)
	assert.WithinDuration(t, time.Now(), now, time.Minute)
	_, trusted = Clock(now.Add(time.Hour))()
	assert.False(t, trusted, "the clock shows less than the build date")
}
