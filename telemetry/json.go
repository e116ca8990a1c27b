package telemetry

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// MarshalJSON writes the value, or null when it is unknown.
func (m Maybe[T]) MarshalJSON() ([]byte, error) {
	if !m.Known {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Maybe[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = Maybe[T]{}
		return nil
	}
	m.Known = true
	return json.Unmarshal(b, &m.Value)
}

// MarshalText writes the text of [Technology.String].
func (t Technology) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (t *Technology) UnmarshalText(text []byte) error {
	if i := slices.Index(technologies[:], string(text)); i >= 0 {
		*t = Technology(i)
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fmt.Errorf("unknown radio technology %q", text)
	}
	*t = Technology(n)
	return nil
}

// MarshalJSON writes {"key": 24, "cbor": "1903e8"}: the key as a number or a
// text, the value as hex of its CBOR.
func (x Extra) MarshalJSON() ([]byte, error) {
	var key any = x.ID
	if x.Name != "" {
		key = x.Name
	}
	return json.Marshal(struct {
		Key  any    `json:"key"`
		CBOR string `json:"cbor"`
	}{key, hex.EncodeToString(x.Raw)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (x *Extra) UnmarshalJSON(b []byte) error {
	var j struct {
		Key  json.RawMessage
		CBOR string
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	raw, err := hex.DecodeString(j.CBOR)
	if err != nil {
		return fmt.Errorf("cbor: %w", err)
	}
	*x = Extra{Raw: raw}
	if len(j.Key) > 0 && j.Key[0] == '"' {
		return json.Unmarshal(j.Key, &x.Name)
	}
	return json.Unmarshal(j.Key, &x.ID)
}
