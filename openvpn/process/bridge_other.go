//go:build !linux

package process

import "errors"

func joinBridge(string, string) error { return errors.ErrUnsupported }
