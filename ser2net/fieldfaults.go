package ser2net

import (
	"encoding"
	"net"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// fieldFaults adds faults of the fields below path.
type fieldFaults struct {
	path   string
	faults *config.Errors
}

func (f fieldFaults) add(field, format string, args ...any) {
	f.faults.Addf(f.path+"."+field, format, args...)
}

func (f fieldFaults) number(field string, value, low, high int) {
	if value < low || value > high {
		f.add(field, "%d is out of range, allowed is %d to %d", value, low, high)
	}
}

// time checks a duration; high 0 stands for no limit.
func (f fieldFaults) time(field string, value Duration, low, high time.Duration) {
	switch d := value.Std(); {
	case d < 0:
		f.add(field, "%v is negative", d)
	case d < low || high > 0 && d > high:
		f.add(field, "%v is out of range, allowed is %v to %v", d, low, high)
	}
}

// text checks a text with escapes by its length when they are replaced.
func (f fieldFaults) text(field, text string, limit int) {
	if text == "" {
		return
	}
	out, err := expand(text, &facts{port: &PortConfig{}})
	switch {
	case err != nil:
		f.add(field, "%v", err)
	case len(out) > limit:
		f.add(field, "%d bytes are too long, allowed are %d", len(out), limit)
	}
}

func (f fieldFaults) word(field string, word encoding.TextUnmarshaler, text string) {
	if err := word.UnmarshalText([]byte(text)); err != nil {
		f.add(field, "%v", err)
	}
}

func (f fieldFaults) destination(field, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "0" {
		f.add(field, "%q is not of the form host:port, such as 192.0.2.1:4001", address)
		return
	}
	f.faults.CheckListen(f.path+"."+field, address)
}
