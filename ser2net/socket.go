package ser2net

import "net"

// aliveProbes are the unanswered questions after which a client is dead.
const aliveProbes = 3

// tune lets TCP find out by itself that a client has died, and keeps the
// urgent data of telnet in the stream.
func (r *runner) tune(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	idle := r.cfg.KeepAlive.Std()
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: idle, Interval: max(idle/aliveProbes, 1e9), Count: aliveProbes,
	})
	setSocket(tcp, r.cfg.UserTimeout.Std(), r.cfg.Protocol == ProtocolTelnet)
}
