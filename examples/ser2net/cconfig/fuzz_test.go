package cconfig_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/ser2net/cconfig"
)

func seeds(f *testing.F, pattern string) {
	names, err := filepath.Glob(pattern)
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(string(text))
	}
}

// check reads a text: whatever it is, there is either a Config that is valid
// or a fault with a place.
func check(t *testing.T, in cconfig.Input) {
	files := cconfig.Files{
		Read: func(string, int) ([]byte, error) { return []byte("include: '*'\ndefine: &in x\n"), nil },
		Glob: func(string) ([]string, error) { return []string{"a", "b"}, nil },
	}
	file, err := cconfig.Parse(in, files)
	if err == nil {
		cfg, _, e := file.Config(cconfig.Settings{})
		if err = e; err == nil {
			require.NoError(t, cfg.Validate())
			return
		}
	}
	var faults cconfig.Faults
	require.True(t, errors.As(err, &faults) && len(faults) > 0)
	for _, fault := range faults {
		require.NotEmpty(t, fault.At.File, fault.Text)
	}
}

func FuzzYAML1(f *testing.F) {
	seeds(f, "testdata/*.yaml")
	f.Add("connection: &a\n  accepter: 1\n  connector: /dev/x\n  options: {connback: 'tcp,h,1', remaddr: '!a,1;b'}\n")
	f.Fuzz(func(t *testing.T, text string) {
		check(t, cconfig.Input{Name: "f", Text: []byte("define: &x y\n" + text)})
	})
}

func FuzzYAML2(f *testing.F) {
	seeds(f, "testdata/version2.yaml")
	f.Add("connections: {a: {accepter: 1, connector: =(x)}}\n---\ndefaults: [{name: speed}]\ninclude: [b, c]\n")
	f.Fuzz(func(t *testing.T, text string) {
		check(t, cconfig.Input{Name: "f", Text: []byte("defines: {x: y}\n---\n" + text)})
	})
}

func FuzzLines(f *testing.F) {
	seeds(f, "testdata/*.conf")
	f.Add("ROTATOR:1:2;3\nDEFAULT:speed:1:serialdev\nRS485CONF:a:1:2\n2:raw:0:x:rs485=a remaddr=!a,1 \\")
	f.Fuzz(func(t *testing.T, text string) {
		check(t, cconfig.Input{Name: "f", Text: []byte("BANNER:b:c\n" + text)})
	})
}

func FuzzCommandLine(f *testing.F) {
	f.Add("2000:raw:0:/dev/x:9600 LOCAL", "connection: &a#  accepter: telnet,tcp,1#  connector: serialdev,/dev/x,-RTSCTS")
	f.Add("telnet(rfc2217),2000:off:0:/dev/x:b", "defines: {x: '#'}")
	f.Add("ROTATOR:ssl,1:a\nmux(:raw:0", "rotator: &r#  accepter: dummy#  connections: [a]")
	f.Fuzz(func(t *testing.T, line, yaml string) {
		check(t, cconfig.Input{Lines: []string{"BANNER:b:\\z\\x\\", line}, Strings: []string{yaml}})
	})
}

func FuzzStack(f *testing.F) {
	for _, accepter := range []string{"telnet(rfc2217=false),ssl(key=\"a b\",cert='c'),tcp,ipv6,::1,2000", "2000", "udp(,", "/dev/x,9600", `tcp,a\,b,1`} {
		f.Add(accepter, accepter)
	}
	f.Fuzz(func(t *testing.T, accepter, connector string) {
		check(t, cconfig.Input{Name: "f", Strings: []string{"connection: &a#  accepter: " + accepter, "  connector: " + connector}})
	})
}
