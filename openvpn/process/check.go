package process

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn"
)

// checkLaunch refuses what could reach a file outside the instance's folder.
// The service has checked it too.
func checkLaunch(l openvpn.Launch) error {
	if err := checkName(l.Name); err != nil {
		return err
	}
	for name := range l.Files {
		if err := checkBase(name); err != nil {
			return err
		}
	}
	if bytes.IndexByte(l.Config, 0) >= 0 {
		return errors.New("the configuration holds a NUL")
	}
	return nil
}

// checkName checks the name of an instance, which is the name of a folder.
func checkName(name string) error {
	ok := name != "" && len(name) <= 32 && name[0] != '-'
	for _, c := range []byte(name) {
		ok = ok && (c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%q is no name of an instance", name)
	}
	return nil
}

// checkBase checks the name of a file of an instance.
func checkBase(name string) error {
	if name == "" || len(name) > 255 || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("%q is no base name of a file", name)
	}
	return nil
}
