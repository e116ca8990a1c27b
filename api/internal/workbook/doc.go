// Package workbook reads the text of .xlsx workbooks (ECMA-376, the format of
// Excel 2007 and later, LibreOffice and openpyxl) row by row, in little memory:
//
//	book, err := workbook.Open(file, size)
//	for row, err := range book.Rows("Devices") { ... }
//
// A cell is a string: shared and inline text without its formatting, numbers
// as the file writes them ("1.5E-3", and so are dates, which are numbers),
// TRUE or FALSE, and for a formula the result that the file keeps. Nothing is
// calculated, no macro is looked at and no external reference followed.
//
// A workbook comes from outside, so that everything about it has a limit, see
// the constants; what exceeds one is refused before it takes memory or time.
// What is held in memory is the directory of the file and its shared strings.
//
// Errors are of the type [Error] and name sheet, row and column.
package workbook
