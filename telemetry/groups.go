package telemetry

import "math"

func known[T any](v T, err error) (Maybe[T], error) { return Known(v), err }

// group reads an array of numbers.
func (r *reader) group(elements []*Maybe[uint64]) error {
	n, err := r.open(majorArray, MaxRows)
	if err != nil {
		return err
	}
	return r.elements(n, elements)
}

// elements reads the n elements that are left of an array.
func (r *reader) elements(n int, into []*Maybe[uint64]) error {
	for i := range n {
		if i >= len(into) {
			return r.skipAll(n - i)
		}
		if r.null() {
			continue
		}
		v, err := r.uint(math.MaxUint64)
		if err != nil {
			return err
		}
		*into[i] = Known(v)
	}
	return nil
}

// rows reads an array of rows, into the memory of spare if that is enough.
func rows[T any](r *reader, spare []T, row func(*T) error) ([]T, error) {
	n, err := r.open(majorArray, MaxRows)
	if err != nil || n == 0 {
		return nil, err
	}
	list := spare[:cap(spare)]
	if n > len(list) {
		list = make([]T, n)
	}
	list = list[:n]
	clear(list)
	for i := range list {
		if err := row(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *reader) row(name *string, elements []*Maybe[uint64]) error {
	n, err := r.open(majorArray, MaxRows)
	if err != nil || n == 0 {
		return err
	}
	if !r.null() {
		if *name, err = r.common(); err != nil {
			return err
		}
	}
	return r.elements(n-1, elements)
}

func (r *reader) modem(m *Modem) error {
	n, err := r.open(majorArray, MaxRows)
	for i := 0; i < n && err == nil; i++ {
		if i < 4 && r.null() {
			continue
		}
		switch i {
		case 0:
			m.Operator, err = known(r.common())
		case 1:
			m.SignalDBm, err = known(r.int())
		case 2:
			var v uint64
			v, err = r.uint(math.MaxUint64)
			m.Technology = Known(Technology(v))
		case 3:
			m.IMEI, err = known(r.text())
		default:
			return r.skipAll(n - i)
		}
	}
	return err
}

func (r *reader) part(p *Part) error {
	var index, count Maybe[uint64]
	if err := r.group([]*Maybe[uint64]{&index, &count}); err != nil {
		return err
	}
	p.Index, p.Count = index.Value, count.Value
	if p.Index < 1 || p.Index > p.Count {
		return r.fail("part %d of %d", p.Index, p.Count)
	}
	return nil
}
