package telemetry

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

const (
	lookUpTimeout = 10 * time.Second
	dialTimeout   = 10 * time.Second
	writeTimeout  = 5 * time.Second
	// renewAfter is the age at which a socket is replaced, and its name
	// looked up again; renewRetry is the pause when that fails.
	renewAfter = 10 * time.Minute
	renewRetry = time.Minute
	// maxAddresses is how many addresses of a name are tried.
	maxAddresses = 16
)

var errNoAddress = errors.New("the name has no address")

// connection is the way to one destination: its addresses and its socket. It
// is for one goroutine.
type connection struct {
	dest   Destination
	lookUp func(ctx context.Context, host string) ([]netip.Addr, error) // nil: dial takes names
	dial   DialFunc
	probe  bool // whether dial costs nothing, so that it shows the way of the moment
	opened func(net.Conn)

	conn   net.Conn
	nth    int       // counts the sockets, conn is this one
	since  time.Time // when conn was opened
	renew  time.Time // when to replace conn
	hosts  []string  // what the last look-up that worked has led to
	host   string    // the one of hosts that was dialled last
	avoid  bool      // host has failed, so another goes first
	broken error     // why hosts are not of the latest look-up
}

// connect provides a socket that is not too old. While the name cannot be
// looked up, the last addresses go on being used; of several, each is tried.
func (c *connection) connect(ctx context.Context) error {
	if c.conn != nil && time.Now().Before(c.renew) {
		return nil
	}
	if err := c.find(ctx); err != nil {
		return err
	}
	var failure error
	for _, host := range c.order() {
		conn, err := c.dialTo(ctx, host)
		if err != nil {
			failure = err
			continue
		}
		c.hangUp()
		c.conn, c.since, c.host, c.avoid = conn, time.Now(), host, false
		c.renew = c.since.Add(renewAfter)
		if c.broken != nil {
			c.renew = c.since.Add(renewRetry)
		}
		c.nth++
		c.opened(conn)
		return nil
	}
	return failure
}

// find looks the name up.
func (c *connection) find(ctx context.Context) error {
	if _, err := netip.ParseAddr(c.dest.Host); err == nil || c.lookUp == nil {
		c.hosts = []string{c.dest.Host}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	addrs, err := c.lookUp(ctx, c.dest.Host)
	if err == nil && len(addrs) == 0 {
		err = errNoAddress
	}
	c.broken = err
	if err != nil {
		if len(c.hosts) > 0 {
			return nil
		}
		return err
	}
	c.hosts = c.hosts[:0]
	for _, a := range addrs[:min(len(addrs), maxAddresses)] {
		c.hosts = append(c.hosts, a.Unmap().String())
	}
	return nil
}

// order returns hosts in the order to try them: the one in use first, or last
// after it has failed.
func (c *connection) order() []string {
	i := slices.Index(c.hosts, c.host)
	if i < 0 {
		return c.hosts
	}
	if c.avoid {
		i++
	}
	return slices.Concat(c.hosts[i:], c.hosts[:i])
}

func (c *connection) dialTo(ctx context.Context, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	d := c.dest
	d.Host = host
	return c.dial(ctx, d)
}

// follow drops a socket whose local address is no longer the one that leads
// to the server, as after a change of the uplink: its datagrams would leave
// with the old address or take the old way. To open a UDP socket and look at
// it sends nothing.
func (c *connection) follow(ctx context.Context) {
	if c.conn == nil || !c.probe {
		return
	}
	local, ok := c.conn.LocalAddr().(*net.UDPAddr)
	remote, alsoOK := c.conn.RemoteAddr().(*net.UDPAddr)
	if !ok || !alsoOK {
		return
	}
	conn, err := c.dialTo(ctx, remote.AddrPort().Addr().Unmap().String())
	if err != nil {
		return // writing will tell more
	}
	now, ok := conn.LocalAddr().(*net.UDPAddr)
	_ = conn.Close() // it was not used
	if ok && !now.IP.Equal(local.IP) {
		c.hangUp()
	}
}

// write sends one datagram. A socket that fails is not used again.
func (c *connection) write(ctx context.Context, datagram []byte) error {
	conn := c.conn
	err := conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		unhook := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
		_, err = conn.Write(datagram)
		unhook()
	}
	if err != nil {
		c.fail()
	}
	return err
}

// fail gives the socket up; the next one is to another address, if there is
// one.
func (c *connection) fail() {
	c.hangUp()
	c.avoid = true
}

func (c *connection) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close() // a datagram socket has nothing to lose
		c.conn = nil
	}
}

// dialUDP makes a DialFunc of a dialer in the form of net.Dialer.DialContext.
func dialUDP(dial func(ctx context.Context, network, addr string) (net.Conn, error)) DialFunc {
	return func(ctx context.Context, d Destination) (net.Conn, error) {
		return dial(ctx, "udp", net.JoinHostPort(d.Host, strconv.Itoa(d.Port)))
	}
}
