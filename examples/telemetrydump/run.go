package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("telemetrydump", flag.ContinueOnError)
	flags.SetOutput(stderr)
	keyFile := flags.String("key", "", "`file` with the key of the device")
	keysFile := flags.String("keys", "", "`file` with the keys of a collector")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	complain := func(format string, args ...any) { fmt.Fprintf(stderr, "telemetrydump: "+format+"\n", args...) }
	keys, err := openKeys(*keyFile, *keysFile)
	if err != nil {
		complain("%v", err)
		return exitUsage
	}

	sources := flags.Args()
	if len(sources) == 0 {
		sources = []string{"-"}
	}
	code := exitOK
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	for _, source := range sources {
		datagrams, err := load(source, stdin)
		if err != nil {
			complain("%v", err)
			code = exitFailed
		}
		for _, d := range datagrams {
			shown, err := show(d.bytes, keys)
			if err != nil {
				complain("%s: %v", d.place, err)
				code = exitFailed
				continue
			}
			if shown.forged() {
				code = exitFailed
			}
			if err := out.Encode(shown); err != nil {
				complain("%v", err)
				return exitFailed
			}
		}
	}
	return code
}

// keyFunc returns the key of a device, false where there is none.
type keyFunc func(serial string) (telemetry.Key, bool, error)

func openKeys(keyFile, keysFile string) (keyFunc, error) {
	switch {
	case keyFile != "" && keysFile != "":
		return nil, errors.New("-key and -keys exclude each other")
	case keyFile != "":
		key, err := telemetry.ReadKeyFile(keyFile)
		return func(string) (telemetry.Key, bool, error) { return key, true, nil }, err
	case keysFile != "":
		keys, err := receiver.OpenKeyFile(keysFile)
		return func(serial string) (telemetry.Key, bool, error) { return keys.Key(context.Background(), serial) }, err
	}
	return func(string) (telemetry.Key, bool, error) { return telemetry.Key{}, false, nil }, nil
}
