package xl2tpd_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/xl2tpd"
)

// A host without xl2tpd says what it lacks.
func Example() {
	backend, err := xl2tpd.New(xl2tpd.Options{Folder: "/run/fieldgate/l2tp", Program: "/no/such/xl2tpd"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = backend.Start(context.Background(), l2tp.Setup{})
	fmt.Println(errors.Is(err, l2tp.ErrHost))
	// Output: true
}
