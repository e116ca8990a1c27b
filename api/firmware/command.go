package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// killTime is how long a killed command's output is waited for.
	killTime = 2 * time.Second
	// maxLog is the length at which the log of the apply command begins
	// anew, in bytes.
	maxLog = 256 << 10
)

// command returns argv with the image in its place. It knows nothing of the
// environment of this program.
func command(ctx context.Context, argv []string, image string) *exec.Cmd {
	args := make([]string, len(argv))
	for i, arg := range argv {
		args[i] = strings.ReplaceAll(arg, filePlace, image)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = "/"
	return cmd
}

// test runs the test command on the image.
func (u *Upgrade) test(ctx context.Context) error {
	if len(u.config.TestCommand) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, u.config.TestTimeout.Std())
	defer cancel()
	var out tail
	cmd := command(limited, u.config.TestCommand, u.folder.image())
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killTime
	err := cmd.Run()
	u.note(func(s *Status) { s.Output = out.String() })
	name := path.Base(cmd.Path)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("%s did not end its test of the image within %s", name, u.config.TestTimeout)
	case errors.As(err, &exit):
		return refused("%s", complaint(name, out.String(), err))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// complaint is what a command says about its failure.
func complaint(name, output string, err error) string {
	if line := lastLine(output); line != "" {
		return fmt.Sprintf("%s: %s (%v)", name, line, err)
	}
	return fmt.Sprintf("%s: %v", name, err)
}

// applying is the apply command that runs.
type applying struct {
	cmd  *exec.Cmd
	log  *os.File // its output: a file, since a pipe would break with this program
	lock *os.File // shared with the command, so that it holds as long as that runs
}

// startApply starts the apply command in a session of its own: it lives on
// when this program is ended.
func (u *Upgrade) startApply(lock *os.File) (*applying, error) {
	log, err := os.OpenFile(filepath.Join(u.folder.path, logName),
		os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := command(context.Background(), u.config.ApplyCommand, u.folder.image())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path.Base(cmd.Path), err), log.Close())
	}
	return &applying{cmd, log, lock}, nil
}

// wait returns once the command has ended, with its failure and the end of
// its output. Meanwhile it keeps the log short.
func (a *applying) wait() (output string, err error) {
	ended := make(chan error, 1)
	go func() { ended <- a.cmd.Wait() }()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case err = <-ended:
			output = a.tail()
			_ = a.log.Close() // was only read
			if err != nil {
				err = errors.New(complaint(path.Base(a.cmd.Path), output, err))
			}
			return output, err
		case <-look.C:
			if info, err := a.log.Stat(); err == nil && info.Size() > maxLog {
				_ = a.log.Truncate(0) // the command goes on at the begin: it appends
			}
		}
	}
}

// tail reads the end of the log.
func (a *applying) tail() string {
	info, err := a.log.Stat()
	if err != nil {
		return ""
	}
	from := max(0, info.Size()-maxOutput)
	var out tail
	_, _ = io.Copy(&out, io.NewSectionReader(a.log, from, maxOutput)) // what can be read of it
	return out.String()
}
