package workbook

// Limits of a workbook. All of them are far above what a gateway's
// configuration of 10,000 signals needs.
const (
	MaxFile      = 8 << 20  // bytes of the file
	MaxParts     = 1000     // files within it
	MaxUnpacked  = 64 << 20 // bytes of the unpacked parts that are read, all together
	MaxRatio     = 200      // unpacked to packed bytes of a part, from 1 MiB on
	MaxSheets    = 64       //
	MaxRows      = 100_000  // the highest row of a sheet
	MaxColumns   = 256      // the highest column of a row, "IV"
	MaxText      = 32_767   // bytes of a cell
	MaxStrings   = 200_000  // shared strings
	MaxTextTotal = 8 << 20  // bytes of the shared strings, all together
)

const (
	maxDepth    = 32      // of nested XML elements; a sheet has 8
	maxToken    = 1 << 20 // bytes of one tag or text in XML
	freeOfRatio = 1 << 20 // unpacked bytes of a part before its ratio counts
)
