// Package atmodem tells the facts of a mobile modem, which it asks for with
// AT commands (3GPP TS 27.007, ITU-T V.250) on the modem's command port. It is
// an [api.Modem]. Package serialport below it opens a serial device:
//
//	port := serialport.Port{Device: "/dev/ttyUSB2"}
//	modem := atmodem.New(port.Open, atmodem.Options{})
//	defer modem.Close()
//
// The port belongs to the Modem alone: no other program may talk on it at the
// same time. Most modems have several command ports; where ModemManager runs,
// which takes all of them, use package modemmanager instead.
//
// The Modem opens the port at the first call of ModemInfo and keeps it. After
// a hang-up, or when the modem stops answering, it closes the port, and the
// next call opens it anew. It changes nothing but how the modem talks on this
// port: echo off (ATE0), results as words (ATQ0V1), errors as numbers
// (+CMEE=1), the operator as name (+COPS=3,0), and cells told with the
// registration (+CREG=2, +CGREG=2, +CEREG=2, +C5GREG=2).
//
// What the modem does not know, refuses (for want of a SIM or its PIN, for
// instance) or does not answer in time is a missing fact. A command that ends
// in ERROR, or in nothing, is left out for a minute.
//
// Of a slow modem one questioning ([Options].Total) tells a part, and the next
// goes on there. A fact that it does not come to is as in the questioning
// before, if that was within five minutes.
//
// The signal is the RSSI of +CSQ, from -113 dBm (or less) to -51 dBm (or
// more). Where the modem does not know it, it is the RSCP, RSRP or, for 5G,
// SS-RSRP of +CESQ, which is 10 to 20 dB lower for the same reception.
//
// Logged are: the modem answers (info), the modem is lost (warning).
package atmodem
