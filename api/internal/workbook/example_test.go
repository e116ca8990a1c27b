package workbook_test

import (
	"bytes"
	"fmt"

	"github.com/fieldgate/fieldgate/api/internal/workbook"
)

// What is no workbook is refused with a sentence.
func ExampleOpen() {
	file := []byte("device_alias;protocol\n")
	_, err := workbook.Open(bytes.NewReader(file), int64(len(file)))
	fmt.Println(err)
	// Output:
	// this is no .xlsx workbook: zip: not a valid zip file
}

func ExamplePlace() {
	fmt.Println(workbook.Place("Devices", 3, 28), "is", workbook.ColumnName(28)+"3")
	// Output: sheet Devices, row 3, column AB is AB3
}
