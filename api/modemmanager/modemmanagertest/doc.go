// Package modemmanagertest holds a ModemManager without hardware: the objects
// that ModemManager 1.20 shows on a bus, as far as facts of modems go, close
// enough for mmcli. It needs a bus; [StartBus] makes a private one with the
// program dbus-daemon.
package modemmanagertest
