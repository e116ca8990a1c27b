package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxForm bounds the body of a request that brings no file, in bytes.
const maxForm = 64 << 10

// ignoreForm reads the body of a POST to an endpoint without input. It
// demands a readable form of bounded size and makes no use of it.
func (a *answer) ignoreForm() error {
	return a.form(func(string, io.Reader, bool) error { return nil })
}

// fields reads the form of a POST and returns the values of these fields, in
// their order. Each has to be there, once and with a value, and no other.
func (a *answer) fields(names ...string) ([]string, error) {
	values := make([]string, len(names))
	err := a.form(func(name string, value io.Reader, isFile bool) error {
		at := -1
		for i := range names {
			if names[i] == name {
				at = i
			}
		}
		switch {
		case at < 0:
			return unknownField(name, strings.Join(names, " and "))
		case isFile:
			return badRequest("The field %s is a text and no file.", name)
		case values[at] != "":
			return badRequest("The field %s is there twice.", name)
		}
		text, err := readValue(value)
		if err == nil && len(text) == 0 {
			err = badRequest("The field %s is empty.", name)
		}
		values[at] = string(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, value := range values {
		if value == "" {
			return nil, badRequest("The field %s is missing.", names[i])
		}
	}
	return values, nil
}

// readValue takes no more room than a value whose length is known needs.
func readValue(value io.Reader) ([]byte, error) {
	known, ok := value.(*strings.Reader)
	if !ok {
		return io.ReadAll(value)
	}
	text := make([]byte, known.Len())
	_, err := io.ReadFull(known, text)
	return text, err
}

func unknownField(name, wanted string) *problem {
	return badRequest("There is no field %s here, send %s.", quote(name), wanted)
}

// form reads the body of a POST, and lets visit see each field of it. An
// error of visit that is a problem is the result.
func (a *answer) form(visit func(name string, value io.Reader, isFile bool) error) error {
	switch {
	case a.r.ContentLength == 0:
		return nil
	case len(a.r.Header["Content-Encoding"]) > 0:
		return errEncoding
	case a.r.ContentLength > maxForm:
		return errTooLarge
	}
	_ = a.control.SetReadDeadline(time.Now().Add(bodyTime)) // not supported: the server's own holds
	body := http.MaxBytesReader(a.w, a.r.Body, maxForm)
	scratch := a.pools.buffer()
	defer a.pools.putBuffer(scratch)
	err := readForm(a.r.Header.Get("Content-Type"), body, scratch, visit)
	if err == nil {
		return nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return err
}

// readForm reads body by way of scratch, which is empty.
func readForm(contentType string, body io.Reader, scratch *bytes.Buffer, visit func(string, io.Reader, bool) error) error {
	switch media, boundary := formType(contentType); media {
	case "multipart/form-data":
		if _, err := scratch.ReadFrom(body); err != nil {
			return orProblem(err, errMultipart)
		}
		if plain, ok := plainParts(scratch.String(), boundary); ok {
			return orProblem(plain.visit(visit), errMultipart)
		}
		return orProblem(readParts(multipart.NewReader(scratch, boundary), visit), errMultipart)
	case "application/x-www-form-urlencoded":
		_, err := scratch.ReadFrom(body)
		if err == nil {
			err = readPairs(scratch.String(), visit)
		}
		return orProblem(err, errURLEncoded)
	}
	if _, err := io.ReadFull(body, make([]byte, 1)); err == io.EOF {
		return nil // chunks without content are no form, and no other body
	}
	return errEncoding
}

// formType returns the type of a body and its boundary, which is empty where
// it cannot be read: the multipart reader refuses that. What nearly all clients
// send is read without the maps of mime.ParseMediaType.
func formType(contentType string) (media, boundary string) {
	boundary, ok := strings.CutPrefix(contentType, "multipart/form-data; boundary=")
	if ok && boundary != "" && strings.Trim(boundary, plainBoundary) == "" {
		return "multipart/form-data", boundary
	}
	media, params, _ := mime.ParseMediaType(contentType)
	return media, params["boundary"]
}

// plainBoundary is the characters of a boundary that needs no quotes.
const plainBoundary = "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// orProblem returns the problem that err is, or else p because of err.
func orProblem(err error, p *problem) error {
	var own *problem
	if err == nil || errors.As(err, &own) {
		return err
	}
	return p.because(err)
}

func readParts(parts *multipart.Reader, visit func(string, io.Reader, bool) error) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { // bare only after the closing boundary
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(part.FormName(), part, part.FileName() != ""); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return err
		}
	}
}

// plainForm is the fields of a form, a name and a value each.
type plainForm [][2]string

func (f plainForm) visit(visit func(string, io.Reader, bool) error) error {
	for _, field := range f {
		if err := visit(field[0], strings.NewReader(field[1]), false); err != nil {
			return err
		}
	}
	return nil
}

// mostFields is how many fields a request of the specification has at most.
const mostFields = 2

// plainParts reads a form of the one shape that nearly all clients send, in a
// fifth of the time that a multipart.Reader takes. It reports false for every
// other shape, which is the Reader's to judge.
func plainParts(text, boundary string) (fields plainForm, ok bool) {
	end := "\r\n--" + boundary // of a value
	delimiter := end[len("\r\n"):]
	for boundary != "" {
		rest, ok := strings.CutPrefix(text, delimiter)
		if !ok {
			return nil, false
		}
		if rest == "--\r\n" {
			return fields, true
		}
		if rest, ok = strings.CutPrefix(rest, "\r\nContent-Disposition: form-data; name=\""); !ok {
			return nil, false
		}
		name, rest, ok := strings.Cut(rest, "\"\r\n\r\n")
		if !ok || !validName(name) || strings.HasPrefix(rest, delimiter) {
			return nil, false
		}
		at := strings.Index(rest, end)
		if at < 0 {
			return nil, false
		}
		if fields == nil {
			fields = make(plainForm, 0, mostFields)
		}
		fields = append(fields, [2]string{name, rest[:at]})
		text = rest[at+len("\r\n"):]
	}
	return nil, false
}

// errSemicolon: some read it as a separator, others as a part of a value.
var errSemicolon = errors.New("it holds a semicolon that is not escaped")

func readPairs(text string, visit func(string, io.Reader, bool) error) error {
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if strings.Contains(pair, ";") {
			return errSemicolon
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return err
		}
		if err := visit(name, strings.NewReader(value), false); err != nil {
			return err
		}
	}
	return nil
}
