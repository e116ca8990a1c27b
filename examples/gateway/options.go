package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// options is the command line.
type options struct {
	config, state, run, listen, newKey, newPassword string
	programs                                        programs
	simulate, check, doctor, schema, version, quiet bool
	device                                          *simulate.Device // of simulate, once there is one
}

func parseFlags(args []string, errOut io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("gateway", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.config, "config", "", "configuration `file` (default gateway.yaml in the state folder, written at the first start)")
	f.StringVar(&o.state, "state", "gateway-data", "state `folder`, made if needed")
	f.StringVar(&o.run, "run", "", "`folder` for sockets and files of what runs, best in memory such as /run/fieldgate (default run in the state folder, or in /run if that is too deep)")
	f.StringVar(&o.programs.charon, "charon", "", "`socket` of charon, the IKE daemon, if not the usual one")
	f.StringVar(&o.programs.openvpn, "openvpn", "", "`program` openvpn, if not in the usual place")
	f.StringVar(&o.programs.xl2tpd, "xl2tpd", "", "`program` xl2tpd, if not in the usual place")
	f.StringVar(&o.listen, "listen", "", "`address:port` of page and API, instead of web.listen")
	f.BoolVar(&o.simulate, "simulate", false, "play a whole device on fakes")
	f.BoolVar(&o.quiet, "quiet", false, "print no password and no key at the first start, for a service whose output is a log: the first user then has a password that nobody knows, until -new-password makes one")
	f.BoolVar(&o.check, "check", false, "check the configuration and exit")
	f.BoolVar(&o.doctor, "doctor", false, "say what is wrong with the running gateway and what to do, and exit; with status 1 if there is something")
	f.BoolVar(&o.schema, "schema", false, "print the JSON schema of the configuration and exit")
	f.StringVar(&o.newKey, "new-key", "", "make an API key called `name`, print what to store for it, and exit")
	f.StringVar(&o.newPassword, "new-password", "", "give the user called `name` a new password for the pages, print it, and exit")
	f.BoolVar(&o.version, "version", false, "print version, commit and target, and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("gateway: unexpected argument %q", f.Arg(0))
		_, _ = fmt.Fprintln(errOut, err)
		return o, err
	}
	return o, nil
}

func (o options) configPath() string {
	if o.config != "" {
		return o.config
	}
	return (&stateDir{path: o.state}).configPath()
}

// folder is where the configuration is kept.
func (o options) folder() storeFolder {
	return storeFolder{Disk: confstore.Disk(o.state), config: o.configPath(), device: o.device}
}

// read reads the configuration, with what the command line overrides, and
// changes nothing.
func (o options) read() (document.Document, error) {
	doc, err := confstore.Check(o.folder())
	if err != nil {
		return doc, o.named(err)
	}
	return o.override(doc)
}

// override puts what the command line says in the place of what doc says.
func (o options) override(doc document.Document) (document.Document, error) {
	if o.listen == "" {
		return doc, nil
	}
	doc.Web.Listen = o.listen
	if faults := doc.Faults(); len(faults) > 0 { // doc has none by itself
		return doc, &document.Error{File: "-listen", Faults: []document.PlacedFault{{Fault: faults[0]}}}
	}
	return doc, nil
}

// named returns err with the path of the configuration where it tells of its
// faults.
func (o options) named(err error) error {
	var invalid *document.Error
	switch {
	case errors.As(err, &invalid):
		if invalid.File == configName {
			invalid.File = o.configPath()
		}
		return err
	case o.config != "" && errors.Is(err, fs.ErrNotExist):
		return &document.Error{File: o.config, Faults: []document.PlacedFault{{Fault: document.Fault{
			Problem: "there is no such file (gateway without -config writes one at its first start)",
		}}}}
	}
	return err
}
