package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/sink"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// settings are the flags.
type settings struct {
	listen, http string
	data, keys   string
	bare, acks   bool
	sinkURLs     list
	fsync        time.Duration
	retainBytes  int64
	retainAge    time.Duration
	sockets      int
	devices      int

	sinks []sink.Spec
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return fmt.Sprint(*l) }

func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// maxAckDelay is the longest time between two syncs that acknowledgements wait
// for. It leaves the sync and the way back as much again: an agent waits 10 s.
const maxAckDelay = 5 * time.Second

// errUsage: what is wrong has been printed.
var errUsage = errors.New("wrong flags")

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("collector", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:5150", "UDP `address` to receive on")
	flags.StringVar(&s.http, "http", "127.0.0.1:5151", "TCP `address` of pages, queries and metrics; empty = off")
	flags.StringVar(&s.data, "data", "", "`folder` to store messages in; empty = no store")
	flags.StringVar(&s.keys, "keys", "", "`file` with the keys of the devices, read again on SIGHUP")
	flags.BoolVar(&s.bare, "bare", false, "with -keys: take messages without MAC of devices that have no key")
	flags.BoolVar(&s.acks, "acks", false, "acknowledge sealed messages once they are stored; needs -data and -keys")
	flags.Var(&s.sinkURLs, "sink", "`URL` of a further place for the messages: stdout:, nats://HOST:PORT, influx+http://HOST:PORT/DATABASE; may be repeated (default stdout: without -data)")
	flags.DurationVar(&s.fsync, "fsync", time.Second, "time between two syncs of the store, which acknowledgements wait for; 10ms to 10s, with -acks to 5s")
	flags.Int64Var(&s.retainBytes, "retain-bytes", 0, "most `bytes` of the store; 0 = no limit")
	flags.DurationVar(&s.retainAge, "retain-age", 0, "how long messages are stored, such as 720h; 0 = for ever")
	flags.IntVar(&s.sockets, "sockets", 1, "`number` of sockets that share the address, each with a goroutine")
	flags.IntVar(&s.devices, "devices", 1_000_000, "`number` of devices whose state is held")
	if err := flags.Parse(args); err != nil {
		return s, errors.Join(errUsage, err)
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unknown argument %q, all settings are flags", flags.Arg(0))
	}
	return s, s.complete()
}

func (s *settings) complete() error {
	switch {
	case s.acks && (s.data == "" || s.keys == ""):
		return errors.New("-acks needs -data and -keys: an acknowledgement is sealed, and says that a message is stored")
	case s.bare && s.keys == "":
		return errors.New("-bare is for use with -keys; without them all messages are taken bare")
	case s.fsync < 10*time.Millisecond || s.fsync > receiver.MaxBatchDelay:
		return fmt.Errorf("-fsync %v is out of range, allowed is 10ms to %v", s.fsync, receiver.MaxBatchDelay)
	case s.acks && s.fsync > maxAckDelay:
		return fmt.Errorf("-fsync %v is out of range, allowed is 10ms to %v with -acks: devices send again what is not acknowledged in time", s.fsync, maxAckDelay)
	case s.data == "" && (s.retainBytes != 0 || s.retainAge != 0):
		return errors.New("-retain-bytes and -retain-age need -data")
	case s.retainBytes < 0 || s.retainAge < 0:
		return errors.New("-retain-bytes and -retain-age cannot be negative")
	case s.devices < 1 || s.devices > receiver.MaxDevicesLimit:
		return fmt.Errorf("-devices %d is out of range, allowed is 1 to %d", s.devices, receiver.MaxDevicesLimit)
	}
	urls := s.sinkURLs
	if len(urls) == 0 && s.data == "" {
		urls = list{"stdout:"}
	}
	var err error
	if s.sinks, err = sink.ParseAll(urls); err != nil {
		return fmt.Errorf("-sink: %w", err)
	}
	if err := s.receiver().Validate(); err != nil {
		return err
	}
	return nil
}

// receiver returns the configuration of the receiver. One sync stores one of
// its batches, which are as long as the time between two syncs.
func (s *settings) receiver() receiver.Config {
	c := receiver.DefaultConfig()
	c.Enabled = true
	c.Listen = []string{s.listen}
	c.AllowBare = s.bare || s.keys == ""
	c.Acks = s.acks
	c.Sockets = s.sockets
	c.MaxDevices = s.devices
	c.Queue = 1 << 17 // what comes while a batch is synced has room
	if s.data != "" {
		c.Batch = 1 << 15
		c.BatchDelay = receiver.Duration(s.fsync)
		c.StateFile = s.data + "/receiver"
	}
	return c
}

func (s *settings) store() store.Options {
	return store.Options{Dir: s.data, RetainBytes: s.retainBytes, RetainAge: s.retainAge, MaxDevices: s.devices}
}
