package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"
)

// maxIgnoredBody bounds the body of a request to an endpoint without input,
// in bytes. Forms sent there hold at most a stray field.
const maxIgnoredBody = 64 << 10

// ignoreBody reads the body of a POST to an endpoint without input. It
// demands a readable form of bounded size and makes no use of it.
func (a *answer) ignoreBody() error {
	switch {
	case a.r.ContentLength == 0:
		return nil
	case len(a.r.Header["Content-Encoding"]) > 0:
		return errEncoding
	case a.r.ContentLength > maxIgnoredBody:
		return errTooLarge
	}
	_ = a.control.SetReadDeadline(time.Now().Add(bodyTime)) // not supported: the server's own holds
	body := http.MaxBytesReader(a.w, a.r.Body, maxIgnoredBody)
	err := ignoreForm(a.r.Header.Get("Content-Type"), body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return err
}

func ignoreForm(contentType string, body io.Reader) error {
	// A parameter that cannot be read leaves the boundary empty, which the
	// multipart reader refuses.
	media, params, _ := mime.ParseMediaType(contentType)
	switch media {
	case "multipart/form-data":
		err := ignoreParts(multipart.NewReader(body, params["boundary"]))
		if err == nil {
			_, err = io.Copy(io.Discard, body) // what may follow the last part
		}
		if err != nil {
			return &problem{http.StatusBadRequest, "The multipart body cannot be read.", err}
		}
		return nil
	case "application/x-www-form-urlencoded":
		text, err := io.ReadAll(body)
		if err == nil {
			_, err = url.ParseQuery(string(text))
		}
		if err != nil {
			return &problem{http.StatusBadRequest, "The url-encoded body cannot be read.", err}
		}
		return nil
	}
	return errEncoding
}

func ignoreParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { // bare only after the closing boundary
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return err
		}
	}
}
