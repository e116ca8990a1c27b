package api

import "context"

// Modem knows the mobile modem.
type Modem interface {
	// ModemInfo asks the modem. A fact that it does not tell is left at its
	// zero value and is no error. Without a modem, or when it does not
	// answer, the error wraps [ErrNotReady].
	ModemInfo(ctx context.Context) (ModemInfo, error)
}

// ModemInfo is what [Modem] tells. A fact with its zero value is missing.
type ModemInfo struct {
	Manufacturer string // +CGMI
	Model        string // +CGMM
	Revision     string // +CGMR
	Operator     string // name or number of the network, +COPS
	Registration string // in the words of 3GPP 27.007: "home", "searching", "denied", "unknown", "roaming", "not registered"
	Technology   string // such as "GSM", "UMTS", "LTE"
	SignalDBm    *int   // received power, such as -71
	IMEI         string // of the modem, +CGSN
	IMSI         string // of the SIM, +CIMI
	ICCID        string // of the SIM card, +CCID or as its maker calls it
	CellID       string // in hexadecimal, +CREG
	AreaCode     string // location or tracking area, in hexadecimal
	IPAddress    string // of the mobile connection
}
