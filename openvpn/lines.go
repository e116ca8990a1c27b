package openvpn

// maxLines bounds the log of an instance.
const maxLines = 200

// lines are the last lines of openvpn's log.
type lines struct {
	ring []LogLine
	next int // where the next one goes, once the ring is full
}

func (l *lines) add(line LogLine) {
	line.Text = clean(line.Text)
	if len(l.ring) < maxLines {
		l.ring = append(l.ring, line)
		return
	}
	l.ring[l.next] = line
	l.next = (l.next + 1) % maxLines
}

// all returns the lines, oldest first.
func (l *lines) all() []LogLine {
	out := make([]LogLine, 0, len(l.ring))
	out = append(out, l.ring[l.next:]...)
	return append(out, l.ring[:l.next]...)
}
