//go:build !linux

package procsource

import "errors"

func adjtimex() (kernelClock, error) { return kernelClock{}, errors.ErrUnsupported }
