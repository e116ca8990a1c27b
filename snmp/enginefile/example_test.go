package enginefile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
)

func Example() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	store := enginefile.New(filepath.Join(folder, "engine"))
	_, err = store.Load()
	fmt.Println("first start:", errors.Is(err, fs.ErrNotExist))
	fmt.Println(store.Save(snmp.Engine{ID: []byte("\x80\x00\x1f\x88\x05example"), Boots: 7}))
	engine, err := store.Load()
	fmt.Println(engine.Boots, err)
	// Output:
	// first start: true
	// <nil>
	// 7 <nil>
}
