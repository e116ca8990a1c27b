package strongswan

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// saying returns what dials a daemon that says something, whatever it is
// asked, and hangs up.
func saying(junk []byte) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }() // ends with the pipe
		go func() {
			_, _ = theirs.Write(junk) // it may not be read to the end
			_ = theirs.Close()
		}()
		return ours, nil
	}
}

// Whatever a daemon sends, nothing hangs, nothing panics.
func FuzzAnswers(f *testing.F) {
	var confirmed, list, answers []byte
	add := func(b *[]byte, p vici.Packet) {
		var err error
		*b, err = p.Append(*b)
		require.NoError(f, err)
	}
	add(&confirmed, vici.Packet{Type: vici.EventConfirm})
	list = append(list, confirmed...)
	child := new(vici.Message).Set("name", "fieldgate-a").Set("state", "INSTALLED").Set("bytes-in", "7").SetList("local-ts", "10.0.0.0/8")
	sa := new(vici.Message).Set("uniqueid", "1").Set("version", "2").Set("state", "ESTABLISHED").Set("remote-host", "192.0.2.2").
		Set("encr-alg", "AES_CBC").Set("encr-keysize", "256").Set("rekey-time", "100").
		SetSection("child-sas", new(vici.Message).SetSection("fieldgate-a-1", child))
	add(&list, vici.Packet{Type: vici.Event, Name: "list-sa", Message: new(vici.Message).SetSection("fieldgate-a", sa)})
	add(&list, vici.Packet{Type: vici.CommandResponse, Message: new(vici.Message).Set("success", "yes")})
	list = append(list, confirmed...)
	add(&answers, vici.Packet{Type: vici.CommandResponse, Message: new(vici.Message).Set("success", "no").Set("errmsg", "x")})
	add(&answers, vici.Packet{Type: vici.CommandResponse, Message: new(vici.Message).Set("success", "yes").SetList("conns", "a", "b")})
	f.Add(list)
	f.Add(answers)
	f.Add(confirmed)
	f.Add([]byte("\x00\x00\x00\x09\x07\x07list-sa"))
	f.Add([]byte("\xff\xff\xff\xff\x07\x07list-sa"))
	const patience = 10 * time.Second
	f.Fuzz(func(t *testing.T, junk []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		dial := saying(junk)
		l := newLink(dial, patience)
		defer l.close()
		_, _ = l.call(ctx, "version", nil)
		_ = l.stream(ctx, patience, "list-sas", "list-sa", nil, func(m *vici.Message) {
			for _, sa := range (names{"fieldgate"}).decodeSAs(m, time.Unix(1e9, 0)) {
				_ = sa.Up()
			}
		})
		_, _ = pipeline(ctx, dial, patience, []request{{"load-conn", nil}, {"load-conn", nil}})
		listening := newLink(dial, patience)
		defer listening.close()
		if events, err := listening.subscribe(ctx, "log"); err == nil {
			for event := range events {
				listening.took()
				_ = fromGovici(event.Message)
			}
		}
		require.NoError(t, ctx.Err(), "it hangs")
	})
}
