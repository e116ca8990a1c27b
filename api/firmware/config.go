package firmware

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Config is what an operator or vendor stores. A zero field means its
// default, except where its comment says otherwise.
type Config struct {
	// Folder keeps the image until it is applied: an absolute path, which
	// is made (mode 0700) when it is missing; the folder above it must
	// exist. It belongs to this provider alone. Default: /tmp/firmware,
	// which is memory on OpenWrt.
	Folder string `yaml:"folder" json:"folder"`

	// MaxSizeMiB is the size of the largest image, in MiB, 1..4096.
	// Default: 64.
	MaxSizeMiB int `yaml:"max_size_mib" json:"max_size_mib"`

	// Boards are the names that an image may be for, each of 1 to 64
	// printable ASCII characters without spaces, such as "wcc-lite".
	// Required.
	Boards []string `yaml:"boards" json:"boards"`

	// OldestVersion is the oldest version that is taken: a version such as
	// "1.8.0"; "running" (the default), which is the version that runs now;
	// or "any". Versions are dotted numbers, with "-rc1" or the like behind
	// them for one that comes before.
	OldestVersion string `yaml:"oldest_version" json:"oldest_version"`

	// TrustedKeys are minisign's public keys, of which one must have signed
	// the image: the line that begins with "RW", or the whole text of the
	// key file. Several allow for the change of a key. Required.
	TrustedKeys []string `yaml:"trusted_keys" json:"trusted_keys"`

	// TestCommand looks at the image when its signature is good, before the
	// client has an answer: an absolute path and its arguments, of which
	// exactly one holds "{file}". An exit status other than 0 refuses the
	// image. It must change nothing on the device. Default (also when
	// empty): none; DefaultConfig has OpenWrt's, /sbin/sysupgrade -T {file}.
	TestCommand []string `yaml:"test_command" json:"test_command"`

	// TestTimeout ends the test command, 1 s to 10 m. Default: 60 s.
	TestTimeout Duration `yaml:"test_timeout" json:"test_timeout"`

	// ApplyCommand upgrades the device, in the same form. It is never
	// ended from here. Required; DefaultConfig has OpenWrt's,
	// /sbin/sysupgrade {file}.
	ApplyCommand []string `yaml:"apply_command" json:"apply_command"`

	// RestartTime is how long the device may take to go down after the
	// apply command has ended with exit status 0, 1 s to 1 h. Until then
	// its image stays and no other is taken. Default: 5 m.
	RestartTime Duration `yaml:"restart_time" json:"restart_time"`

	// ReceiveTimeout bounds the upload as a whole, 1 s to 24 h; it is
	// looked at whenever bytes come in. Default: 30 m.
	ReceiveTimeout Duration `yaml:"receive_timeout" json:"receive_timeout"`
}

// The words of [Config].OldestVersion.
const (
	// VersionRunning takes nothing older than what runs.
	VersionRunning = "running"
	// VersionAny takes older versions too.
	VersionAny = "any"
)

// filePlace stands for the path of the image in a command.
const filePlace = "{file}"

// DefaultConfig returns what fits OpenWrt. Boards and trusted keys are the
// vendor's to add.
func DefaultConfig() Config {
	return Config{
		TestCommand:  []string{"/sbin/sysupgrade", "-T", filePlace},
		ApplyCommand: []string{"/sbin/sysupgrade", filePlace},
	}.withDefaults()
}

func (c Config) withDefaults() Config {
	orDuration := func(d *Duration, preset time.Duration) {
		if *d == 0 {
			*d = Duration(preset)
		}
	}
	if c.Folder == "" {
		c.Folder = "/tmp/firmware"
	}
	if c.MaxSizeMiB == 0 {
		c.MaxSizeMiB = 64
	}
	if c.OldestVersion == "" {
		c.OldestVersion = VersionRunning
	}
	orDuration(&c.TestTimeout, time.Minute)
	orDuration(&c.RestartTime, 5*time.Minute)
	orDuration(&c.ReceiveTimeout, 30*time.Minute)
	return c
}

// Validate returns a [ConfigError] with every fault, or nil.
func (c Config) Validate() error {
	faults := c.withDefaults().faults()
	return faults.Err()
}

// faults expects c with its defaults.
func (c Config) faults() (faults config.Errors) {
	if !filepath.IsAbs(c.Folder) || filepath.Clean(c.Folder) != c.Folder || c.Folder == "/" {
		faults.Addf("folder", "%q is no absolute path of a folder below /, such as /tmp/firmware", c.Folder)
	}
	if c.MaxSizeMiB < 1 || c.MaxSizeMiB > 4096 {
		faults.Addf("max_size_mib", "%d is out of range, allowed is 1 to 4096 MiB", c.MaxSizeMiB)
	}
	c.boardFaults(&faults)
	if _, err := c.oldest(""); err != nil {
		faults.Addf("oldest_version", "%v; also allowed: %s, %s", err, VersionRunning, VersionAny)
	}
	c.keyFaults(&faults)
	if len(c.TestCommand) > 0 {
		commandFaults(&faults, "test_command", c.TestCommand)
	}
	if len(c.ApplyCommand) == 0 {
		faults.Addf("apply_command", "required: the command that upgrades the device, such as [/sbin/sysupgrade, %q]", filePlace)
	} else {
		commandFaults(&faults, "apply_command", c.ApplyCommand)
	}
	for _, d := range []struct {
		path   string
		value  Duration
		at, to time.Duration
	}{
		{"test_timeout", c.TestTimeout, time.Second, 10 * time.Minute},
		{"restart_time", c.RestartTime, time.Second, time.Hour},
		{"receive_timeout", c.ReceiveTimeout, time.Second, 24 * time.Hour},
	} {
		if d.value.Std() < d.at || d.value.Std() > d.to {
			faults.Addf(d.path, "%s is out of range, allowed is %s to %s", d.value, Duration(d.at), Duration(d.to))
		}
	}
	return faults
}

func (c Config) boardFaults(faults *config.Errors) {
	if len(c.Boards) == 0 {
		faults.Addf("boards", "required: the names that an image for this device may carry")
	}
	first := make(map[string]int, len(c.Boards))
	for i, board := range c.Boards {
		path := index("boards", i)
		if j, taken := first[board]; taken {
			faults.Addf(path, "%q is boards[%d] already", board, j)
		} else if !validBoard(board) {
			faults.Addf(path, "%q is no name of 1 to %d printable ASCII characters without spaces", board, maxWord)
		} else {
			first[board] = i
		}
	}
}

func (c Config) keyFaults(faults *config.Errors) {
	if len(c.TrustedKeys) == 0 {
		faults.Addf("trusted_keys", "required: the public key of who signs the images, from minisign -G")
	}
	first := make(map[uint64]int, len(c.TrustedKeys))
	for i, text := range c.TrustedKeys {
		path := index("trusted_keys", i)
		key, err := parseKey(text)
		if err != nil {
			faults.Addf(path, "%v", err)
			continue
		}
		if j, taken := first[key.ID()]; taken {
			faults.Addf(path, "its key id %s is that of trusted_keys[%d] already", keyID(key.ID()), j)
			continue
		}
		first[key.ID()] = i
	}
}

func commandFaults(faults *config.Errors, path string, argv []string) {
	if !filepath.IsAbs(argv[0]) || strings.Contains(argv[0], filePlace) {
		faults.Addf(index(path, 0), "%q is not the absolute path of a program", argv[0])
	}
	places := 0
	for i, arg := range argv {
		places += strings.Count(arg, filePlace)
		if strings.ContainsRune(arg, 0) {
			faults.Addf(index(path, i), "holds a NUL character")
		}
	}
	if places != 1 {
		faults.Addf(path, "%s must stand in it exactly once, in place of the image's path", filePlace)
	}
}

// oldest returns the oldest version that is taken, nil for any.
func (c Config) oldest(running string) (*version, error) {
	text := c.OldestVersion
	switch text {
	case VersionAny:
		return nil, nil
	case VersionRunning:
		if text = running; text == "" {
			return nil, nil // Validate cannot know it; New asks for it
		}
	}
	v, err := parseVersion(text)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() (warnings []Warning) {
	if c.OldestVersion == VersionAny {
		warnings = append(warnings, Warning{
			Path: "oldest_version",
			Text: `whoever has an old signed image can bring its known weaknesses back; "running" refuses that`,
		})
	}
	if len(c.TestCommand) == 0 {
		warnings = append(warnings, Warning{
			Path: "test_command",
			Text: "images are not looked at by the device's own upgrade program before they are accepted",
		})
	}
	return warnings
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// parseKey reads one of TrustedKeys.
func parseKey(text string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	if key.UnmarshalText([]byte(strings.TrimSpace(text))) != nil {
		return key, errors.New(`is no public key of minisign: 56 characters that begin with "RW", the last line of minisign.pub`)
	}
	return key, nil
}
