// Package ser2nettest is serial hardware in memory, for tests of programs
// that use serial ports: null modem cables with all their wires, and an
// Opener of the devices at one end of them. It holds no file and no real
// time, so it works in bubbles of testing/synctest.
//
//	var hardware ser2nettest.Opener
//	line := hardware.Add("/dev/ttyUSB0", ser2nettest.Hardware{})
//	... start what is tested with &hardware as its Opener ...
//	line.Far().Write([]byte("hello")) // what the attached machine says
//	line.Unplug()
//
// What a line cannot do here is lose bytes: a receiver whose buffer is full
// stops its sender, with and without flow control. Ends with different modes
// understand each other.
package ser2nettest
