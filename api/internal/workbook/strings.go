package workbook

import (
	"strconv"
	"strings"
)

// sharedStrings are the texts that cells refer to by number: all of them in
// one string, and where each ends.
type sharedStrings struct {
	all  string
	ends []int32
}

func (s *sharedStrings) get(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	begin := int32(0)
	if i > 0 {
		begin = s.ends[i-1]
	}
	return s.all[begin:s.ends[i]], true
}

func (b *Book) readStrings(part string) error {
	x, err := b.open(part)
	if err != nil {
		return err
	}
	defer x.close()
	var all strings.Builder
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		if t.end && t.name == "sst" {
			b.strings.all = all.String()
			return nil
		}
		if t.end || t.name != "si" {
			continue
		}
		text, err := x.text(t.name)
		if err != nil {
			return err
		}
		if len(b.strings.ends) == MaxStrings {
			return refuse("the workbook has more than %d shared strings", MaxStrings)
		}
		if all.Len()+len(text) > MaxTextTotal {
			return refuse("the shared strings of the workbook have more than %d bytes", MaxTextTotal)
		}
		all.WriteString(text)
		b.strings.ends = append(b.strings.ends, int32(all.Len()))
	}
}

// unescape puts back the characters that XML cannot hold, which workbooks
// write as _x000D_ (ECMA-376-1, 22.9.2.19).
func unescape(s string) string {
	i := strings.Index(s, "_x")
	if i < 0 {
		return s
	}
	var out strings.Builder
	for ; i >= 0; i = strings.Index(s, "_x") {
		code, err := uint64(0), strconv.ErrSyntax
		if len(s) >= i+7 && s[i+6] == '_' {
			code, err = strconv.ParseUint(s[i+2:i+6], 16, 16)
		}
		if err != nil {
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		out.WriteString(s[:i])
		out.WriteRune(rune(code)) // a lone half of a pair becomes U+FFFD
		s = s[i+7:]
	}
	out.WriteString(s)
	return out.String()
}
