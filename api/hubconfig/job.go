package hubconfig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Job is a reading request of Modbus. The zero value is none. Jobs can be
// compared.
type Job struct {
	Function int // 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers
	Start    int // of the first bit or register, 0 to 65535
	Count    int // bits, 1 to 2000, or registers, 1 to 125
}

// String returns the decimal form, such as "3;100;2", and "" for none.
func (j Job) String() string {
	if j == (Job{}) {
		return ""
	}
	return fmt.Sprintf("%d;%d;%d", j.Function, j.Start, j.Count)
}

// Bits tells whether the job reads bits, not registers.
func (j Job) Bits() bool { return j.Function == 1 || j.Function == 2 }

// MaxCount returns how many bits or registers one job of the function reads.
func (j Job) MaxCount() int {
	if j.Bits() {
		return 2000
	}
	return 125
}

// Within tells whether j reads only what other reads too.
func (j Job) Within(other Job) bool {
	return j.Function == other.Function && j.Start >= other.Start && j.Start+j.Count <= other.Start+other.Count
}

// ParseJob reads a job in its decimal or its hexadecimal form.
func ParseJob(text string) (Job, error) {
	j, err := parseHexJob(text)
	if !strings.Contains(text, "|") {
		j, err = parseDecimalJob(text)
	}
	if err == nil {
		err = j.check()
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %q: %w", text, err)
	}
	return j, nil
}

func (j Job) check() error {
	switch {
	case j.Function == 5 || j.Function == 6 || j.Function == 15 || j.Function == 16:
		return fmt.Errorf("function %d writes, this hub only reads", j.Function)
	case j.Function < 1 || j.Function > 4:
		return fmt.Errorf("function %d is not known, allowed are 1 to 4", j.Function)
	case j.Start < 0 || j.Start > 65535:
		return fmt.Errorf("start %d is out of range, allowed is 0 to 65535", j.Start)
	case j.Count < 1 || j.Count > j.MaxCount():
		return fmt.Errorf("count %d is out of range, allowed is 1 to %d", j.Count, j.MaxCount())
	case j.Start+j.Count > 65536:
		return fmt.Errorf("it ends at %d, the last address is 65535", j.Start+j.Count-1)
	}
	return nil
}

func parseDecimalJob(text string) (j Job, err error) {
	parts := strings.Split(text, ";")
	if len(parts) != 3 {
		return Job{}, errors.New("want function;start;count, such as 3;100;2, or the bytes in hex, such as 03|00|64|00|02")
	}
	for i, to := range []*int{&j.Function, &j.Start, &j.Count} {
		if *to, err = strconv.Atoi(strings.TrimSpace(parts[i])); err != nil {
			return Job{}, fmt.Errorf("%q is no number", parts[i])
		}
	}
	return j, nil
}

func parseHexJob(text string) (Job, error) {
	parts := strings.Split(text, "|")
	if len(parts) != 5 {
		return Job{}, errors.New("want five bytes: the function, two of the start and two of the count, such as 03|00|64|00|02")
	}
	var b [5]int
	for i, part := range parts {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(part)), "0x"), 16, 8)
		if err != nil {
			return Job{}, fmt.Errorf("%q is no byte in hex", part)
		}
		b[i] = int(n)
	}
	return Job{b[0], b[1]<<8 | b[2], b[3]<<8 | b[4]}, nil
}
