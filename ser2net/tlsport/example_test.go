package tlsport_test

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

// It is given to the service as Options.TLS; ports with a TLS setting then
// have their files read at Start and Apply.
func ExampleLoad() {
	options := ser2net.Options{TLS: tlsport.Load}
	_, err := options.TLS(ser2net.TLS{CertFile: "no/such/cert.pem", KeyFile: "no/such/key.pem"})
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output: true
}
