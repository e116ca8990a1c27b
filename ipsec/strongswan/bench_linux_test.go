package strongswan

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// BenchmarkLoad is why there is a pipeline beside govici: a thousand
// connections, loaded into a real charon by the one and by the other.
func BenchmarkLoad(b *testing.B) {
	p, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) && os.Getenv("CI") != "true" {
		b.Skip("skipped: ", err)
	}
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, p.Close()) })
	dial := func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.A.Socket())
	}
	var load, unload []request
	for i := range 1000 {
		d := ipsec.Definition{
			Connection: ipsec.Connection{
				Name: "site" + strconv.Itoa(i), Gateway: "192.0.2.2", LocalID: "near", RemoteID: "far" + strconv.Itoa(i),
				RemoteSubnets: ipsec.Subnets{"10." + strconv.Itoa(20+i/250) + "." + strconv.Itoa(i%250) + ".0/24"},
				IKELifetime:   ipsec.Duration(time.Hour), KeyLifetime: ipsec.Duration(3 * time.Hour),
			},
			Phase1: []ipsec.Phase1Proposal{{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}},
			Phase2: []ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256}},
		}
		n := names{"bench"}
		load = append(load, request{"load-conn", n.connection(d, nil)})
		unload = append(unload, (&session{names: n}).unloadRequest(d.Name))
	}
	for _, way := range []struct {
		name string
		load func() error
	}{
		{"govici", func() error {
			l := newLink(dial, time.Minute)
			defer l.close()
			for _, r := range load {
				if _, err := l.call(b.Context(), r.command, r.message); err != nil {
					return err
				}
			}
			return nil
		}},
		{"pipeline", func() error {
			replies, err := pipeline(b.Context(), dial, time.Minute, load)
			for _, r := range replies {
				err = errors.Join(err, r.err)
			}
			return err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, way.load())
				b.StopTimer()
				_, err := pipeline(b.Context(), dial, time.Minute, unload)
				require.NoError(b, err)
				b.StartTimer()
			}
		})
	}
}
