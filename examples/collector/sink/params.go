package sink

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// params takes the parameters of a URL apart and collects their faults.
type params struct {
	values url.Values
	taken  []string
	faults config.Errors
}

// all returns every value of a parameter.
func (p *params) all(name string) []string {
	p.taken = append(p.taken, name)
	return p.values[name]
}

// one returns the value of a parameter that may be given once.
func (p *params) one(name string) (value string, given bool) {
	values := p.all(name)
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], true
	}
	p.faults.Addf(name, "given %d times", len(values))
	return "", false
}

func (p *params) text(name string, field *string) {
	if value, given := p.one(name); given {
		*field = value
	}
}

func (p *params) int(name string, field *int) {
	if n, given := p.number(name, strconv.IntSize); given {
		*field = int(n)
	}
}

func (p *params) int64(name string, field *int64) {
	if n, given := p.number(name, 64); given {
		*field = n
	}
}

func (p *params) number(name string, bits int) (n int64, given bool) {
	value, given := p.one(name)
	if !given {
		return 0, false
	}
	n, err := strconv.ParseInt(value, 10, bits)
	if err != nil {
		p.faults.Addf(name, "%q is no number, or too large", value)
		return 0, false
	}
	return n, true
}

func (p *params) duration(name string, field *time.Duration) {
	value, given := p.one(name)
	if !given {
		return
	}
	var d config.Duration
	if err := d.UnmarshalText([]byte(value)); err != nil {
		p.faults.Addf(name, "%v", err)
		return
	}
	*field = d.Std()
}

// add takes over the faults of a Validate.
func (p *params) add(err error) {
	var faults config.Errors
	if errors.As(err, &faults) {
		p.faults = append(p.faults, faults...)
	}
}

// unknown adds a fault for each parameter that nobody asked for.
func (p *params) unknown() {
	var names []string
	for name := range p.values {
		if !slices.Contains(p.taken, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p.faults.Addf(name, "unknown parameter")
	}
}
