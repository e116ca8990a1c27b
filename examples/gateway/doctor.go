package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
)

// doctorSocket, in the folder for what runs, tells everybody who may open it
// what is wrong. Nobody else may enter that folder.
const doctorSocket = "doctor.sock"

// doctorTime bounds an examination.
const doctorTime = 10 * time.Second

// findings is what is wrong with the device now.
func (g *gateway) findings(ctx context.Context) []doctor.Finding {
	host := doctor.ThisHost(procsource.Clock(earliest()), earliest(), g.state.path)
	if g.device != nil {
		host = g.device.Host()
	}
	return doctor.Run(ctx, doctor.Gather(g.control, live{gateway: g}, host))
}

// answerDoctor lets gateway -doctor ask, until ctx has ended. A device where
// that is not possible goes on without; its page says the same.
func (g *gateway) answerDoctor(ctx context.Context) {
	if err := g.serveFindings(ctx); err != nil && ctx.Err() == nil {
		g.log.Warn("gateway -doctor cannot ask this gateway, use the page", "error", err)
	}
}

func (g *gateway) serveFindings(ctx context.Context) error {
	if err := os.MkdirAll(g.runDir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(g.runDir, doctorSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // it is that of a gateway that was killed: the state folder is ours
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return err
	}
	if err = os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })() // Accept returns
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		g.tellFindings(ctx, conn)
	}
}

// tellFindings answers one who asks.
func (g *gateway) tellFindings(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	_ = conn.SetDeadline(time.Now().Add(2 * doctorTime))
	if err := json.NewEncoder(conn).Encode(g.findings(ctx)); err != nil {
		g.log.Debug("who asked the doctor has gone", "error", err)
	}
}

// examine is gateway -doctor: it prints what the running gateway finds, or,
// while none runs, what can be seen without.
func examine(o options, out, errOut io.Writer) int {
	if err := becomeOwner(o.state); err != nil {
		return report(errOut, err)
	}
	findings, err := askGateway(o)
	if err != nil {
		findings, err = examineStopped(o)
	}
	if err != nil {
		return report(errOut, err)
	}
	if len(findings) == 0 {
		_, _ = fmt.Fprintln(out, "Nothing is wrong.")
		return exitOK
	}
	for _, f := range findings {
		_, _ = fmt.Fprintln(out, f)
	}
	return exitFailed
}

// askGateway asks the gateway that runs on the state folder.
func askGateway(o options) (findings []doctor.Finding, err error) {
	folder, err := runFolder(o.run, o.state)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*doctorTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(folder, doctorSocket))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err = conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	return findings, json.NewDecoder(conn).Decode(&findings)
}

// examineStopped looks at a device whose gateway cannot be asked.
func examineStopped(o options) ([]doctor.Finding, error) {
	findings := []doctor.Finding{{
		Service: "gateway", Sentence: "The gateway does not run on the state folder " + o.state + ", or does not answer.",
		Todo: "Start it, and look at its log.", Severity: doctor.Fault,
	}}
	if _, err := os.Stat(o.configPath()); err != nil {
		return findings, nil // what is not configured cannot be examined
	}
	doc, err := o.read()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), doctorTime)
	defer cancel()
	missing := missingParts(doc)
	if !o.simulate {
		missing = append(missing, thisHost(o.programs).missing(doc, false)...)
	}
	facts := doctor.Facts{Document: doc, Missing: missing, Host: doctor.ThisHost(procsource.Clock(earliest()), earliest(), o.state)}
	return append(findings, doctor.Run(ctx, facts)...), nil
}
