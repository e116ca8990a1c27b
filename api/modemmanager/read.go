package modemmanager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/order"
)

// Names of ModemManager's D-Bus interface, version 1.
const (
	service         = "org.freedesktop.ModemManager1"
	root            = dbus.ObjectPath("/org/freedesktop/ModemManager1")
	modemInterface  = service + ".Modem"
	radioInterface  = service + ".Modem.Modem3gpp"
	signalInterface = service + ".Modem.Signal"
	placeInterface  = service + ".Modem.Location"
	simInterface    = service + ".Sim"
	bearerInterface = service + ".Bearer"
)

// maxBearers is how many connections of a modem are looked at.
const maxBearers = 16

type (
	properties = map[string]dbus.Variant
	interfaces = map[string]properties
	objects    = map[dbus.ObjectPath]interfaces
)

// read asks for the modems and, of the one that is meant, for what lies
// outside of its object: SIM, bearers and cell. What they do not tell is
// missing.
func read(ctx context.Context, conn *dbus.Conn, which string) (api.ModemInfo, error) {
	all, err := list(ctx, conn)
	if err != nil {
		return api.ModemInfo{}, err
	}
	path, err := choose(all, which)
	if err != nil {
		return api.ModemInfo{}, err
	}
	modem := all[path]
	info := decodeModem(modem)
	if sim := value[dbus.ObjectPath](modem[modemInterface], "Sim"); sim != "" && sim != "/" {
		decodeSIM(ask(ctx, conn, sim, simInterface), &info)
	}
	bearers := value[[]dbus.ObjectPath](modem[modemInterface], "Bearers")
	for _, bearer := range bearers[:min(len(bearers), maxBearers)] {
		if info.IPAddress = decodeBearer(ask(ctx, conn, bearer, bearerInterface)); info.IPAddress != "" {
			break
		}
	}
	if value[uint32](modem[placeInterface], "Enabled")&placeOfCell != 0 {
		var place map[uint32]dbus.Variant
		if call(ctx, conn.Object(service, path), placeInterface+".GetLocation").Store(&place) == nil {
			decodePlace(place, &info)
		}
	}
	if err := ctx.Err(); err != nil { // which may be why facts are missing
		return api.ModemInfo{}, err
	}
	return info, nil
}

// list asks for the objects of all modems.
func list(ctx context.Context, conn *dbus.Conn) (objects, error) {
	reply := call(ctx, conn.Object(service, root), "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
	var remote dbus.Error
	if reply.Err != nil && !errors.As(reply.Err, &remote) {
		return nil, fmt.Errorf("%w: %w", errBroken, reply.Err)
	}
	var all objects
	err := reply.Store(&all)
	return all, err
}

// call calls a method; it does not start ModemManager.
func call(ctx context.Context, object dbus.BusObject, method string, args ...any) *dbus.Call {
	return object.CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
}

// ask returns the properties of an object, none when it has gone.
func ask(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, iface string) properties {
	var p properties
	if call(ctx, conn.Object(service, path), "org.freedesktop.DBus.Properties.GetAll", iface).Store(&p) != nil {
		return nil
	}
	return p
}

// choose returns the path of the modem that is meant.
func choose(all objects, which string) (dbus.ObjectPath, error) {
	paths := slices.DeleteFunc(slices.Collect(maps.Keys(all)), func(path dbus.ObjectPath) bool {
		return all[path][modemInterface] == nil
	})
	order.Sort(paths, func(a, b dbus.ObjectPath) int {
		if byNumber := number(a) - number(b); byNumber != 0 {
			return byNumber
		}
		return strings.Compare(string(a), string(b))
	})
	switch {
	case len(paths) == 0:
		return "", fmt.Errorf("%w: ModemManager has found no modem; check that it is plugged in and has power (mmcli -L)", api.ErrNotReady)
	case which != "":
		for _, path := range paths {
			if string(path) == which || imei(all[path]) == which {
				return path, nil
			}
		}
		return "", fmt.Errorf("%w: ModemManager has no modem %q; check its IMEI or path (mmcli -L, mmcli -m any)", api.ErrNotReady, which)
	}
	const failed = int32(-1)
	for _, path := range paths {
		if value[int32](all[path][modemInterface], "State") != failed {
			return path, nil
		}
	}
	return paths[0], nil
}

// number is the last part of a path: modem 10 comes after modem 9.
func number(path dbus.ObjectPath) int {
	n, _ := strconv.ParseUint(string(path[strings.LastIndexByte(string(path), '/')+1:]), 10, 31)
	return int(n)
}

// value returns a property, or the zero value where it is missing or of
// another type.
func value[T any](p properties, name string) T {
	v, _ := p[name].Value().(T)
	return v
}
