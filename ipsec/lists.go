package ipsec

import "encoding/json"

// Subnets are networks, each as 192.168.11.0/24, as 192.168.11.0/255.255.255.0
// or as a single address. In YAML and JSON a single text is taken as a list of
// one.
type Subnets []string

// UnmarshalYAML reads a text or a list of them.
func (s *Subnets) UnmarshalYAML(unmarshal func(any) error) error {
	list, err := oneOrMore(unmarshal)
	if err == nil {
		*s = list
	}
	return err
}

// UnmarshalJSON reads a text or a list of them; null changes nothing.
func (s *Subnets) UnmarshalJSON(b []byte) error {
	list, err := oneOrMore(func(v any) error { return json.Unmarshal(b, v) })
	if err == nil && string(b) != "null" {
		*s = list
	}
	return err
}

// Names are names of records. In YAML and JSON a single text is taken as a
// list of one.
type Names []string

// UnmarshalYAML reads a text or a list of them.
func (n *Names) UnmarshalYAML(unmarshal func(any) error) error {
	list, err := oneOrMore(unmarshal)
	if err == nil {
		*n = list
	}
	return err
}

// UnmarshalJSON reads a text or a list of them; null changes nothing.
func (n *Names) UnmarshalJSON(b []byte) error {
	list, err := oneOrMore(func(v any) error { return json.Unmarshal(b, v) })
	if err == nil && string(b) != "null" {
		*n = list
	}
	return err
}

// oneOrMore reads a text, or a list of texts. An empty text is no entry.
func oneOrMore(unmarshal func(any) error) ([]string, error) {
	var one string
	if unmarshal(&one) == nil {
		if one == "" {
			return nil, nil
		}
		return []string{one}, nil
	}
	var list []string
	err := unmarshal(&list) // its error tells the place
	return list, err
}
