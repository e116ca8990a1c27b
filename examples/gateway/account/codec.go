package account

import (
	"encoding/json"
	"time"
)

// codec implements [scs.Codec] for sessions whose values are texts, without
// the encoding/gob of the library: nothing else in the gateway needs that.
type codec struct{}

type encoded struct {
	Deadline time.Time
	Values   map[string]any
}

// Encode implements [scs.Codec].
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(encoded{deadline, values})
}

// Decode implements [scs.Codec].
func (codec) Decode(text []byte) (time.Time, map[string]any, error) {
	var e encoded
	err := json.Unmarshal(text, &e)
	return e.Deadline, e.Values, err
}
