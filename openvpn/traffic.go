package openvpn

// maxCounted bounds the clients whose traffic is counted one by one.
const maxCounted = 4096

// traffic adds up the bytes of a process: its own, or those of its clients.
type traffic struct {
	own     ByteCount
	gone    ByteCount // clients that have left
	clients map[uint64]ByteCount
}

// count takes what a process tells, which are totals.
func (t *traffic) count(e ByteCount) {
	if !e.Client {
		t.own = e
		return
	}
	if t.clients == nil {
		t.clients = make(map[uint64]ByteCount)
	}
	if _, known := t.clients[e.CID]; known || len(t.clients) < maxCounted {
		t.clients[e.CID] = e
	}
}

// left takes the end of a client's session.
func (t *traffic) left(cid uint64) {
	c := t.clients[cid]
	t.gone.In += c.In
	t.gone.Out += c.Out
	delete(t.clients, cid)
}

// only drops all clients that are not in a list of who is there.
func (t *traffic) only(list []ConnectedClient) {
	there := make(map[uint64]bool, len(list))
	for _, c := range list {
		there[c.CID] = true
		t.count(ByteCount{CID: c.CID, Client: true, In: c.BytesIn, Out: c.BytesOut})
	}
	for cid := range t.clients {
		if !there[cid] {
			t.left(cid)
		}
	}
}

func (t *traffic) total() (in, out uint64) {
	in, out = t.own.In+t.gone.In, t.own.Out+t.gone.Out
	for _, c := range t.clients {
		in, out = in+c.In, out+c.Out
	}
	return in, out
}
