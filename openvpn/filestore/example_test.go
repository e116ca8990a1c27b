package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/openvpn/filestore"
)

func Example() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	store, err := filestore.Open(filepath.Join(folder, "openvpn"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Put("office", "ca.crt", []byte("a certificate")))
	fmt.Println(store.List("office"))
	fmt.Println(store.Put("office", "../ca.crt", nil) != nil)
	// Output:
	// <nil>
	// [ca.crt] <nil>
	// true
}
