package firmware

import (
	"strings"
	"time"
)

// Stage is how far an upgrade has come.
type Stage string

// The stages, in their order; an upgrade ends early in StageFailed.
const (
	StageIdle      Stage = "idle"      // nothing has come yet
	StageReceiving Stage = "receiving" // and being checked
	StageTesting   Stage = "testing"   // by the test command
	StageReady     Stage = "ready"     // to be applied
	StageApplying  Stage = "applying"  // by the apply command
	StageApplied   Stage = "applied"   // the command has ended well
	StageFailed    Stage = "failed"    // or refused; Error says why
)

// Status is the progress of the last upgrade.
type Status struct {
	Stage Stage `json:"stage"`
	// Since is when the stage was reached.
	Since time.Time `json:"since,omitzero"`
	// Board, Version and Size (bytes) are what the trusted comment says;
	// zero before it has been checked.
	Board   string `json:"board"`
	Version string `json:"version"`
	Size    int64  `json:"size"`
	// Received counts the bytes of the image that are stored.
	Received int64 `json:"received"`
	// Error is why the last upgrade failed or was refused.
	Error string `json:"error"`
	// Output is the end of what the last command printed, 4 KiB at the most.
	Output string `json:"output"`
}

// Status returns the progress. It never waits.
func (u *Upgrade) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

// note changes the status.
func (u *Upgrade) note(change func(*Status)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	stage := u.status.Stage
	change(&u.status)
	if u.status.Stage != stage || u.status.Since.IsZero() {
		u.status.Since = time.Now()
	}
}

func (u *Upgrade) stage(stage Stage) { u.note(func(s *Status) { s.Stage = stage }) }

func (u *Upgrade) failed(err error) {
	u.note(func(s *Status) { s.Stage, s.Error = StageFailed, err.Error() })
}

// maxOutput is how much of a command's output is kept, in bytes.
const maxOutput = 4 << 10

// tail keeps the end of what is written to it.
type tail struct{ buf []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p[max(0, len(p)-maxOutput):]...)
	if over := len(t.buf) - maxOutput; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.ToValidUTF8(string(t.buf), "\uFFFD") }

// lastLine returns the last line of text that says something.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
