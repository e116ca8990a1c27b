package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

const (
	program = "/usr/sbin/openvpn"
	crowd   = 50 // instances at once
	single  = "single"
)

// up is what openvpn prints when a tunnel is.
const up = "Initialization Sequence Completed"

// rig is two hosts, a plain server on the one, and the service on the other.
type rig struct {
	dir, run     string
	ours, theirs *netns.Namespace
	wrapper      string // openvpn on our host
	files        map[string][]byte
	server       *exec.Cmd
	version      string

	service *openvpn.Service
	changes chan openvpn.InstanceStatus
}

// newRig makes everything; what it could not finish, it takes down.
func newRig(ctx context.Context) (r *rig, err error) {
	r = &rig{changes: make(chan openvpn.InstanceStatus, 10_000)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.dir, err = os.MkdirTemp("", target+"-"); err != nil {
		return r, err
	}
	// In memory, as /run of a gateway is.
	if r.run, err = os.MkdirTemp("/dev/shm", "fg"); err != nil {
		return r, err
	}
	if err := r.network(); err != nil {
		return r, err
	}
	r.wrapper = filepath.Join(r.dir, "openvpn")
	script := "#!/bin/sh\nexec ip netns exec " + r.ours.String() + " " + program + " \"$@\"\n"
	if err := os.WriteFile(r.wrapper, []byte(script), 0o700); err != nil {
		return r, err
	}
	if err := r.startServer(); err != nil {
		return r, err
	}
	return r, r.startService(ctx)
}

func (r *rig) network() (err error) {
	if r.ours, err = netns.New(); err != nil {
		return err
	}
	if r.theirs, err = netns.New(); err != nil {
		return err
	}
	return errors.Join(r.ours.Connect("eth0", r.theirs, "eth0"),
		r.ours.IP("addr", "add", "192.0.2.2/24", "dev", "eth0"), r.theirs.IP("addr", "add", "192.0.2.1/24", "dev", "eth0"))
}

// startServer starts the plain server, and keeps the files of a client.
func (r *rig) startServer() error {
	authority, err := pki.CreateAuthority(filepath.Join(r.dir, "ca"), pki.AuthorityConfig{})
	if err != nil {
		return err
	}
	server, err := authority.IssueServer(pki.Request{Name: "server"})
	if err != nil {
		return err
	}
	client, err := authority.IssueClient(pki.Request{Name: "client"})
	if err != nil {
		return err
	}
	tlsCrypt := pki.NewStaticKey().PEM()
	files := func(id pki.Identity) map[string][]byte {
		return map[string][]byte{"ca.crt": id.CAPEM(), "cert.crt": id.CertificatePEM(), "key.key": id.KeyPEM(), "tc.key": tlsCrypt}
	}
	r.files = files(client)
	own := files(server)
	own["config"] = []byte(`dev-type tun
dev tun0
port 1194
server 10.8.0.0 255.255.0.0
topology subnet
dh none
ca ca.crt
cert cert.crt
key key.key
tls-crypt tc.key
duplicate-cn
keepalive 10 60
`)
	r.server, err = r.plain(r.theirs.Command(context.Background(), program), "server", own)
	return err
}

// plain runs openvpn without us until its tunnel is up.
func (r *rig) plain(cmd *exec.Cmd, name string, files map[string][]byte) (*exec.Cmd, error) {
	dir := filepath.Join(r.run, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	cmd.Args = append(cmd.Args, "--cd", dir, "--config", "config", "--verb", "3")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	last := ""
	for lines.Scan() {
		if last = lines.Text(); strings.Contains(last, up) {
			go func() { // nobody needs the rest
				for lines.Scan() { //nolint:revive // it is read so that openvpn does not wait
				}
			}()
			return cmd, nil
		}
	}
	return nil, fmt.Errorf("plain openvpn ended: %s: %w", last, cmd.Wait())
}

func stop(cmd *exec.Cmd) {
	if cmd != nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}

// instance is one tunnel to the server.
func instance(name string) openvpn.Instance {
	return openvpn.Instance{
		Name: name, Role: openvpn.RoleClient, Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 1194}},
		Files: map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCert: "cert.crt", openvpn.FileKey: "key.key",
			openvpn.FileTLSCrypt: "tc.key"},
		// Without persist-tun openvpn closes the device before it tells that it
		// reconnects: of the 15 to 20 ms until then strace shows 14 and more in
		// that one close(2), which is the kernel's figure and not ours.
		Options: []openvpn.Option{{Name: "remote-cert-tls", Args: []string{"server"}}, {Name: "persist-tun"}},
	}
}

func (r *rig) startService(ctx context.Context) error {
	store, err := filestore.Open(filepath.Join(r.dir, "store"))
	if err != nil {
		return err
	}
	config := openvpn.Config{Enabled: true, Instances: []openvpn.Instance{instance(single)}}
	for i := range crowd {
		config.Instances = append(config.Instances, instance(fmt.Sprintf("i%02d", i)))
	}
	for _, i := range config.Instances {
		for name, content := range r.files {
			if err := store.Put(i.Name, name, content); err != nil {
				return err
			}
		}
	}
	runner, err := process.New(process.Options{Folder: filepath.Join(r.run, "ours"), Program: r.wrapper})
	if err != nil {
		return err
	}
	if r.version, err = runner.Version(ctx); err != nil {
		return err
	}
	r.service, err = openvpn.New(config, openvpn.Options{Runner: runner, Store: store,
		OnChange: func(s openvpn.InstanceStatus) { r.changes <- s }})
	if err != nil {
		return err
	}
	return r.service.Start(ctx)
}

// await waits for a change of an instance.
func (r *rig) await(ctx context.Context, ok func(openvpn.InstanceStatus) bool) error {
	for {
		select {
		case s := <-r.changes:
			if ok(s) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// config is what plain openvpn runs with: all that ours does.
func (r *rig) config() (map[string][]byte, error) {
	text, err := openvpn.Render(instance(single))
	files := maps.Clone(r.files)
	files["config"] = text
	return files, err
}

func (r *rig) close() error {
	var errs []error
	if r.service != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		errs = append(errs, r.service.Stop(ctx))
	}
	stop(r.server)
	for _, n := range []*netns.Namespace{r.ours, r.theirs} {
		if n != nil {
			errs = append(errs, n.Close())
		}
	}
	for _, dir := range []string{r.dir, r.run} {
		if dir != "" {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}
