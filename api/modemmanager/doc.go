// Package modemmanager tells the facts of a mobile modem that ModemManager
// looks after, which it asks over the system bus (D-Bus interface
// org.freedesktop.ModemManager1). It is an [api.Modem]:
//
//	modem := modemmanager.New(modemmanager.Options{})
//	defer modem.Close()
//
// It only reads; it does not start ModemManager, enable a modem or connect it.
// By ModemManager's own rules any user may read, except the place of the cell,
// which it tells to root, or by leave of polkit.
//
// The signal is the RSSI that ModemManager measures where an operator has
// asked it to (mmcli -m 0 --signal-setup=10), or, for 3G and 5G modems that
// know no RSSI, the RSCP or RSRP. Else it is made of the signal
// quality: 0 to 100 percent are -113 to -51 dBm, which is how ModemManager
// itself makes percent of dBm, so that it is exact to 1 dB. The cell is told
// where "3gpp-lac-ci" is enabled (mmcli -m 0 --location-enable-3gpp), which it
// is by default.
package modemmanager
