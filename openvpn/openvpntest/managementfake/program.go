package managementfake

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Version is what the fake says it is.
const Version = "2.6.0"

// Called reports whether the arguments of a program, its name first, are those
// of openvpn.
func Called(args []string) bool {
	return slices.Contains(args, "--config") || len(args) == 2 && args[1] == "--version"
}

// Main is openvpn with these arguments, the first of which is its name. It
// returns the exit status.
func Main(args []string, stdout io.Writer) int {
	if slices.Contains(args, "--version") {
		_, _ = fmt.Fprintf(stdout, "OpenVPN %s fake [SSL (none)]\n", Version)
		return 0
	}
	config, err := os.ReadFile(after(args, "--config"))
	if err != nil {
		_, _ = fmt.Fprintf(stdout, "Options error: In [CMD-LINE]:1: Error opening configuration file: %v\n", err)
		return 1
	}
	script, err := ParseScript(string(config))
	if err != nil {
		_, _ = fmt.Fprintln(stdout, "Options error:", err)
		return 1
	}
	if script.OptionsError != "" {
		_, _ = fmt.Fprintln(stdout, "Options error:", script.OptionsError)
		return 1
	}
	l, err := listen(after(args, "--management"))
	if err != nil {
		_, _ = fmt.Fprintf(stdout, "MANAGEMENT: Socket bind failed: %v\nExiting due to fatal error\n", err)
		return 1
	}
	_, _ = fmt.Fprintf(stdout, "OpenVPN %s fake\n", Version)
	d := New(script)
	d.Hold = slices.Contains(args, "--management-hold")
	d.ClientAuth = slices.Contains(args, "--management-client-auth")
	return d.Serve(context.Background(), l)
}

// listen takes the socket over from whoever has it, as openvpn does.
func listen(path string) (net.Listener, error) {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return nil, fmt.Errorf("%q is no absolute path", path)
	}
	_ = os.Remove(path)
	return net.Listen("unix", path)
}

// after returns the word after a name, empty if there is none.
func after(args []string, name string) string {
	if i := slices.Index(args, name); i >= 0 {
		return at(args, i+1)
	}
	return ""
}
