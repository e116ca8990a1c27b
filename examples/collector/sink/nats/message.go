package nats

import (
	"strconv"
	"time"

	client "github.com/nats-io/nats.go"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// The headers of a message.
const (
	HeaderReceived = "Fieldgate-Received"
	HeaderSource   = "Fieldgate-Source"
	HeaderSealed   = "Fieldgate-Sealed"
	HeaderCount    = "Fieldgate-Count"
)

// headerRoom is what the headers of a message take at most, in bytes: a
// server's limit of payload counts them.
const headerRoom = 1024

// messages returns the records as what is published. A payload of several
// datagrams stays within limit bytes.
func (s *Sink) messages(records []receiver.Record, limit int64) []*client.Msg {
	if s.config.Batch != 0 {
		return s.batches(records, int(min(limit, 64<<20))-headerRoom)
	}
	msgs := make([]*client.Msg, len(records))
	for i := range records {
		r := &records[i]
		header := client.Header{
			client.MsgIdHdr: {MessageID(r)},
			HeaderReceived:  {stamp(r.Received)},
			HeaderSource:    {r.Source.String()},
		}
		if r.Sealed {
			header[HeaderSealed] = []string{"true"}
		}
		msgs[i] = &client.Msg{
			Subject: subjectRoot + s.config.Group + "." + Token(r.Device),
			Header:  header,
			Data:    r.Raw,
		}
	}
	return msgs
}

func (s *Sink) batches(records []receiver.Record, limit int) []*client.Msg {
	var msgs []*client.Msg
	for len(records) > 0 {
		n, size := 1, len(records[0].Raw)
		for n < min(len(records), s.config.Batch) && size+len(records[n].Raw) <= limit {
			size += len(records[n].Raw)
			n++
		}
		data := make([]byte, 0, size)
		for i := range records[:n] {
			data = append(data, records[i].Raw...)
		}
		msgs = append(msgs, &client.Msg{
			Subject: subjectRoot + subjectBatch + "." + s.config.Shard,
			Header: client.Header{
				client.MsgIdHdr: {contentID(data)},
				HeaderReceived:  {stamp(records[0].Received)},
				HeaderCount:     {strconv.Itoa(n)},
			},
			Data: data,
		})
		records = records[n:]
	}
	return msgs
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
