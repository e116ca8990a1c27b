package telemetry

import "bytes"

// raw reads one value of any kind inside the message map and returns a copy.
func (r *reader) raw() ([]byte, error) {
	start := r.at
	if err := r.skip(2); err != nil {
		return nil, err
	}
	return bytes.Clone(r.b[start:r.at]), nil
}

// skipAll passes over n elements of an array in the message map, which may
// itself be a row of an array.
func (r *reader) skipAll(n int) error {
	for range n {
		if err := r.skip(4); err != nil {
			return err
		}
	}
	return nil
}

// skip passes over one value, which lies at the given depth if it is an
// array or a map.
func (r *reader) skip(depth int) error {
	start := r.at
	major, n, err := r.head()
	if err != nil {
		return err
	}
	switch major {
	case majorBytes:
		_, err = r.take(n)
		return err
	case majorText:
		_, err = r.textOf(n)
		return err
	case majorTag:
		r.at = start
		return r.fail("tags are not allowed")
	case majorArray, majorMap:
		if depth > maxDepth {
			r.at = start
			return r.fail("nested deeper than %d", maxDepth)
		}
		return r.skipInside(major, n, depth)
	}
	return nil
}

func (r *reader) skipInside(major byte, n uint64, depth int) error {
	most := uint64(MaxRows)
	if major == majorMap {
		most = maxPairs
	}
	count, err := r.length(major, n, most)
	if err != nil {
		return err
	}
	var last []byte
	for range count {
		if major == majorMap {
			start := r.at
			if err := r.skip(depth + 1); err != nil {
				return err
			}
			if err := r.ascending(last, r.b[start:r.at]); err != nil {
				return err
			}
			last = r.b[start:r.at]
		}
		if err := r.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// ascending refuses a key that does not come after last in the order of
// their bytes (RFC 8949 section 4.2.1).
func (r *reader) ascending(last, key []byte) error {
	switch c := bytes.Compare(last, key); {
	case last == nil || c < 0:
		return nil
	case c == 0:
		return r.fail("a key comes twice")
	default:
		return r.fail("the keys are not in ascending order")
	}
}

// wellFormed tells whether raw is one value that a message map may hold.
func wellFormed(raw []byte) bool {
	r := reader{b: raw}
	return r.skip(2) == nil && r.at == len(raw)
}
