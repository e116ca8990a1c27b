// Package atmodemtest holds a modem without hardware that speaks AT commands
// as package atmodem does, with the faults of real ones. [Modem.Open] fits
// atmodem.New; [Modem.Serve] speaks on any other line, such as the far end of a
// pseudo terminal.
package atmodemtest
