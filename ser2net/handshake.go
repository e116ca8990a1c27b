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

// loadTLS prepares the handshake of the port, nil without TLS.
func (r *runner) loadTLS() (err error) {
	if r.cfg.TLS.on() {
		r.secure, err = r.env.opts.TLS(r.cfg.TLS)
	}
	return err
}

// handshake makes a connection secure, if the port asks for it.
func (r *runner) handshake(conn net.Conn) (secure net.Conn, user string, err error) {
	if r.secure == nil {
		return conn, "", nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, openTimeout)
	defer cancel()
	secure, user, err = r.secure(ctx, conn)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no handshake in " + openTimeout.String())
	}
	return secure, user, err
}
