//go:build !linux || ppc || ppc64 || ppc64le || sparc64

package bugst

func openControl(device string) (control, error) { return openNarrow(device) }
