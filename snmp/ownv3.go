package snmp

import (
	"maps"
	"slices"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// The values of StorageType and RowStatus (RFC 2579) of tables that are made
// from the Config.
const (
	storageReadOnly = 5
	rowActive       = 1
)

func readOnly[Row any](*Row) Value { return Integer(storageReadOnly) }
func active[Row any](*Row) Value   { return Integer(rowActive) }

// usmStats is the group of RFC 3414. The failures are numbered as its objects.
func (s *Service) usmStats() *live {
	l := new(live)
	for failure := usm.UnsupportedSecLevels; failure <= usm.DecryptionErrors; failure++ {
		l.scalar(snmpModules(15, 1, 1, uint32(failure)), func() Value {
			if r := s.current.Load(); r != nil {
				if engine := r.v3.Load().engine; engine != nil {
					return Counter32(engine.Count(failure))
				}
			}
			return Counter32(0)
		})
	}
	return l.sorted()
}

// usmUserList is usmUserTable of RFC 3414, with usmUserSpinLock. Keys read as
// empty.
func usmUserList(engineID []byte, users []User) (*List, error) {
	b := new(Builder)
	b.Scalar(snmpModules(15, 1, 2, 1), Integer(0))
	empty := func(*User) Value { return OctetString("") }
	AddTable(b, snmpModules(15, 1, 2, 2, 1), []Column[User]{
		{3, func(u *User) Value { return OctetString(u.Name) }},
		{4, func(*User) Value { return ObjectID(OID{0, 0}) }},
		{5, func(u *User) Value { return ObjectID(u.Auth.object()) }},
		{6, empty},
		{7, empty},
		{8, func(u *User) Value { return ObjectID(u.Priv.object()) }},
		{9, empty},
		{10, empty},
		{11, empty},
		{12, readOnly[User]},
		{13, active[User]},
	}, users, func(u *User) []uint32 {
		return append(StringIndex(string(engineID)), StringIndex(u.Name)...)
	})
	return b.List()
}

// object is the identifier of the protocol (RFC 3414, RFC 7860).
func (a AuthProtocol) object() OID {
	list := []AuthProtocol{AuthNone, AuthMD5, AuthSHA1, AuthSHA224, AuthSHA256, AuthSHA384, AuthSHA512}
	return snmpModules(10, 1, 1, uint32(slices.Index(list, a)+1))
}

// object is the identifier of the protocol (RFC 3414, RFC 3826); for the
// longer AES those that others use, as no RFC has any.
func (p PrivProtocol) object() OID {
	switch p {
	case PrivDES:
		return snmpModules(10, 1, 2, 2)
	case PrivAES:
		return snmpModules(10, 1, 2, 4)
	case PrivAES192:
		return OID{1, 3, 6, 1, 4, 1, 14832, 1, 3}
	case PrivAES256:
		return OID{1, 3, 6, 1, 4, 1, 14832, 1, 4}
	case PrivAES192C:
		return OID{1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 1}
	case PrivAES256C:
		return OID{1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 2}
	}
	return snmpModules(10, 1, 2, 1)
}

// viewRow is a row of vacmViewTreeFamilyTable.
type viewRow struct {
	view string
	family
}

// vacmList is the tables of RFC 3415.
func vacmList(a *accessControl, contexts []string) (*List, error) {
	b := new(Builder)
	AddTable(b, snmpModules(16, 1, 1, 1), []Column[string]{
		{1, func(name *string) Value { return OctetString(*name) }},
	}, contexts, func(name *string) []uint32 { return StringIndex(*name) })

	AddTable(b, snmpModules(16, 1, 2, 1), []Column[member]{
		{3, func(m *member) Value { return OctetString(a.groups[*m]) }},
		{4, readOnly[member]},
		{5, active[member]},
	}, slices.Collect(maps.Keys(a.groups)), func(m *member) []uint32 {
		return append([]uint32{uint32(m.model)}, StringIndex(m.name)...)
	})

	AddTable(b, snmpModules(16, 1, 4, 1), []Column[accessRow]{
		{4, func(r *accessRow) Value {
			if r.prefix {
				return Integer(2)
			}
			return Integer(1)
		}},
		{5, func(r *accessRow) Value { return OctetString(r.read.name) }},
		{6, func(r *accessRow) Value { return OctetString(r.write.name) }},
		{7, func(r *accessRow) Value { return OctetString(r.notify) }},
		{8, readOnly[accessRow]},
		{9, active[accessRow]},
	}, a.rows, func(r *accessRow) []uint32 {
		index := append(StringIndex(r.group), StringIndex(r.context)...)
		return append(index, uint32(r.model), uint32(r.level))
	})

	var families []viewRow
	for _, v := range a.views {
		for _, f := range v.families {
			families = append(families, viewRow{v.name, f})
		}
	}
	b.Scalar(snmpModules(16, 1, 5, 1), Integer(0))
	AddTable(b, snmpModules(16, 1, 5, 2, 1), []Column[viewRow]{
		{3, func(r *viewRow) Value { return OctetString(r.mask()) }},
		{4, func(r *viewRow) Value {
			if r.include {
				return Integer(1)
			}
			return Integer(2)
		}},
		{5, readOnly[viewRow]},
		{6, active[viewRow]},
	}, families, func(r *viewRow) []uint32 {
		return append(StringIndex(r.view), append([]uint32{uint32(len(r.arcs))}, r.arcs...)...)
	})
	return b.List()
}
