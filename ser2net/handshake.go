package ser2net

import (
	"context"
	"errors"
	"net"
)

// Handshake makes an accepted connection secure. It returns what is to be
// read and written from then on, and the name that the client has proved, if
// any. It ends with ctx; closing the secure connection closes conn.
type Handshake func(ctx context.Context, conn net.Conn) (secure net.Conn, user string, err error)

// loadTLS prepares the handshake of the port, if it has TLS. After a failure
// the last one stays.
func (r *runner) loadTLS() error {
	if !r.cfg.TLS.on() {
		return nil
	}
	secure, err := r.env.opts.TLS(r.cfg.TLS)
	if err != nil {
		return err
	}
	r.secure.Store(&secure)
	return nil
}

// handshake makes a connection secure, if the port asks for it.
func (r *runner) handshake(conn net.Conn) (secure net.Conn, user string, err error) {
	shake := r.secure.Load()
	if shake == nil {
		return conn, "", nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, openTimeout)
	defer cancel()
	secure, user, err = (*shake)(ctx, conn)
	switch {
	case err == nil:
	case !r.waits(conn): // acceptFor has closed it
		err = errors.New("too many handshakes at a time")
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("no handshake in " + openTimeout.String())
	}
	return secure, user, err
}
