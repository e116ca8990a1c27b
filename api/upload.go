package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"time"
)

const (
	// uploadIdle is how long a client may send nothing of a file.
	uploadIdle = 30 * time.Second
	// uploadRate is how fast a file has to come on average, after the first
	// uploadIdle: half of what the slowest modem (9600 bit/s) does, in bytes
	// per second. The provider's own time does not count.
	uploadRate = 512
	// uploadWork is how long a provider may take between two readings of a
	// file, and for its work after the last.
	uploadWork = 2 * time.Minute
)

// file hands the one file that a POST has to bring to take, as it comes. The
// reader gives io.EOF only when the whole form has been read and is in order;
// whatever is wrong with it is io.ErrUnexpectedEOF to the reader, and the
// problem that is returned. what begins the sentence of take's failure.
func (a *answer) file(limit int64, what string, take func(context.Context, io.Reader) error) error {
	u, err := a.openUpload(limit)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(a.r.Context())
	defer cancel(nil)
	u.timer = time.AfterFunc(uploadWork, func() { cancel(errSlow) })
	defer u.timer.Stop()

	err = take(ctx, u)
	switch {
	case u.problem != nil:
		return u.problem
	case err != nil:
		err = providerProblem(what, ctx, err)
	}
	// What take has left unread has to be in order, too. Of a file that is
	// refused it is read all the same: clients look for their answer when they
	// have sent all, and lose it where the connection is closed before.
	_, _ = io.Copy(io.Discard, u)
	if err == nil && u.problem != nil {
		return u.problem
	}
	return err
}

// upload is the file of a multipart form.
type upload struct {
	body    *uploadBody
	parts   *multipart.Reader
	part    *multipart.Part
	first   [1]byte // read ahead, to know that there is one
	size    int64   // read so far
	limit   int64
	end     error    // of the reading
	problem *problem // of the form
	timer   *time.Timer
}

func (a *answer) openUpload(limit int64) (*upload, error) {
	if len(a.r.Header["Content-Encoding"]) > 0 {
		return nil, errFileEncoding
	}
	media, params, _ := mime.ParseMediaType(a.r.Header.Get("Content-Type"))
	switch {
	case a.r.ContentLength == 0:
		return nil, badRequest("The field %s is missing.", fileField)
	case media != "multipart/form-data":
		return nil, errFileEncoding
	case a.r.ContentLength > limit+maxForm:
		return nil, fileTooLarge(limit)
	}
	// The form around the file may take maxForm before and after it: the
	// reader of multipart forms itself would keep headers of 10 MB.
	body := &uploadBody{answer: a, max: maxForm}
	u := &upload{body: body, parts: multipart.NewReader(body, params["boundary"]), limit: limit}
	var err error
	u.part, err = u.parts.NextRawPart()
	switch {
	case err == io.EOF:
		return nil, badRequest("The field %s is missing.", fileField)
	case err != nil:
		return nil, formProblem(err)
	case u.part.FormName() != fileField:
		return nil, unknownField(u.part.FormName(), fileField)
	}
	body.max += limit + maxForm
	_, err = io.ReadFull(u.part, u.first[:])
	switch {
	case err == nil:
		return u, nil
	case err != io.EOF:
		return nil, formProblem(err)
	}
	if u.finish() != io.EOF {
		return nil, u.problem
	}
	return nil, errFileEmpty
}

func fileTooLarge(limit int64) *problem {
	p := badRequest("The file is too large, at most %d bytes are allowed.", limit)
	p.status = http.StatusRequestEntityTooLarge
	return p
}

// formProblem is the problem of a form whose reading failed with err.
func formProblem(err error) *problem {
	var own *problem
	if errors.As(err, &own) {
		return own
	}
	return errMultipart.because(err)
}

// Read gives the file.
func (u *upload) Read(p []byte) (n int, err error) {
	if u.end != nil || len(p) == 0 {
		return 0, u.end
	}
	u.timer.Stop() // now it is the client that takes time
	defer u.timer.Reset(uploadWork)
	if u.size == 0 {
		u.size = 1
		p[0] = u.first[0]
		return 1, nil
	}
	n, err = u.part.Read(p)
	u.size += int64(n)
	switch {
	case u.size > u.limit:
		return 0, u.fail(fileTooLarge(u.limit))
	case err == io.EOF:
		u.end = u.finish()
		return n, u.end
	case err != nil:
		return n, u.fail(formProblem(err))
	}
	return n, nil
}

// finish reads what follows the file: the closing boundary and no other
// field.
func (u *upload) finish() error {
	u.body.max = u.body.read + maxForm
	next, err := u.parts.NextRawPart()
	switch {
	case err == nil && next.FormName() == fileField:
		return u.fail(errTwoFiles)
	case err == nil:
		return u.fail(unknownField(next.FormName(), fileField))
	case err != io.EOF: // bare only after the closing boundary
		return u.fail(formProblem(err))
	}
	if _, err := io.Copy(io.Discard, u.body); err != nil {
		return u.fail(formProblem(err))
	}
	return io.EOF
}

// fail ends the reading.
func (u *upload) fail(p *problem) error {
	u.problem = p
	u.end = io.ErrUnexpectedEOF
	return u.end
}

// uploadBody is the body of a request, with a limit and with deadlines.
type uploadBody struct {
	answer    *answer
	read, max int64
	waited    time.Duration // for the client
	end       error
}

func (b *uploadBody) Read(p []byte) (n int, err error) {
	// No deadline is set after the end: net/http watches for a client that
	// goes away then, and would take a deadline that passes for one.
	if b.end != nil {
		return 0, b.end
	}
	if b.read >= b.max {
		b.end = errMultipart.because(errFormTooLong)
		return 0, b.end
	}
	p = p[:min(int64(len(p)), b.max-b.read)]
	allowed := uploadIdle + time.Duration(b.read/uploadRate)*time.Second - b.waited
	start := time.Now()
	_ = b.answer.control.SetReadDeadline(start.Add(min(allowed, uploadIdle))) // not supported: the server's own holds
	n, err = b.answer.r.Body.Read(p)
	b.waited += time.Since(start)
	b.read += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errBodySlow.because(err)
	}
	b.end = err
	return n, err
}

// errFormTooLong: headers or fields around a file, without end.
var errFormTooLong = errors.New("the form around the file is too long")
