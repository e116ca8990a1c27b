// Package hubconfig is the configuration of a protocol hub: the devices that
// it asks and the signals that it reads from them. It takes the workbooks of
// the reference device and YAML with the same names, checks every row, and
// keeps what is in force in a folder, with what was in force before:
//
//	store := hubconfig.NewStore(folder, func(c hubconfig.Config) error { return hub.Apply(ctx, c) })
//	config, err := store.Load()          // at the start
//	api.Providers{Sync: store}           // for /api/sync
//
// # Workbook
//
// The first row of a sheet has the names of the columns, in any order and
// case. An empty row ends the sheet. A column that is not known is left out,
// with a warning. A cell without text means the default.
//
// The sheet Devices has one row per device:
//
//	device_alias  required: letters, digits, - and _; unique
//	name          for people; without one the alias
//	description   for people
//	enable        1, or 0 for a device that is left out with all its signals
//	protocol      required: modbus tcp, modbus rtu or virtual device, in any
//	              case; a virtual device has copies of signals only
//	host, port    modbus tcp: required, and 502
//	device        modbus rtu: required, such as /dev/ttyS0
//	baudrate, databits, parity, stopbits
//	              modbus rtu: 9600, 8, none (none, even, odd), 1 (1, 2)
//	slave_id      1; 1 to 255 with modbus tcp, 1 to 247 with modbus rtu
//	scan_rate_ms  1000; 10 to 86,400,000: how often signals are read
//	timeout_ms    1000; 10 to 60,000: how long one answer may take
//
// Sheets whose name starts with Signals are joined, in their order, with one
// row per signal:
//
//	signal_name          for people; without one the alias
//	device_alias         required: a device of the sheet Devices
//	signal_alias         required: letters, digits, - and _; unique within the device
//	source_device_alias,
//	source_signal_alias  both or none: the signal that this one copies
//	enable               1, or 0 for a signal that is left out
//	job_todo             required but for copies: what is asked of the device
//	tag_job_todo         the part of the answer that is this signal; without
//	                     one all of it
//	number_type          digital for jobs of functions 1 and 2, required for others
//	bit_select           digital in registers: the bit, 0 (lowest) to 15
//	multiply, add        1 and 0: value = number * multiply + add
//	scan_rate_ms         that of the device
//
// # Jobs
//
// A job is a Modbus request without device address and checksum, in one of
// two forms: decimal numbers "function;start;count", or the bytes of the
// request in hex, "03|00|64|00|02". Functions are 1 (coils), 2 (discrete
// inputs), 3 (holding registers) and 4 (input registers); writing functions
// are refused, this hub only reads. start is 0 to 65535 as it goes over the
// line, which is one less than the register's number in some manuals. count
// is up to 2000 for functions 1 and 2, and up to 125 for 3 and 4. A
// tag_job_todo has the function of its job_todo and lies within it. Signals
// with equal jobs share a request, and the hub joins neighbouring jobs.
//
// # Number types
//
//	digital                 1 coil, input or bit of a register
//	signed16, unsigned16    1 register; also int16, uint16
//	signed32, unsigned32    2 registers; also int32, uint32
//	signed64, unsigned64    4 registers; also int64, uint64
//	float                   2 registers, IEEE 754 single; also float32
//	double                  4 registers, IEEE 754 double; also float64
//
// The most significant byte comes first. Another order is a suffix, which
// names the four bytes A (most significant) to D of a 32-bit number in the
// order of the line: _cdab for the low register first, _badc for the low byte
// of each register first, _dcba for both, _abcd for the usual one. 64-bit
// numbers follow the same rule over four registers; 16-bit numbers know _badc
// only. The words may have any case: FLOAT_CDAB.
//
// These rules follow the reference where its manual is public. The order of
// bytes, bit_select, multiply and add are written here as this package
// defines them.
//
// # YAML
//
// The same names in two lists; a name that is not known is a fault:
//
//	devices:
//	  - device_alias: INV1
//	    protocol: modbus tcp
//	    host: 192.168.1.20
//	signals:
//	  - device_alias: INV1
//	    signal_alias: P
//	    job_todo: 3;100;2
//	    number_type: float
package hubconfig
