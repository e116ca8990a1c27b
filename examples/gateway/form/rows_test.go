package form_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/snmp"
)

// sending returns what a browser sends of a form as it is shown.
func sending(f *form.Form) url.Values {
	typed := make(url.Values)
	for path, field := range fields(f) {
		switch field.Kind {
		case form.Check:
			typed.Set("box:"+path, "1")
			if field.Checked {
				typed.Set(path, "on")
			}
		case form.Choice:
			typed.Set("choice:"+path, "1")
			typed.Set(path, field.Value)
		case form.Table:
			for _, row := range field.Rows {
				if row.Removed {
					typed.Set(fmt.Sprintf("%s[%d].remove", path, row.Index), "on")
				}
			}
		default:
			typed.Set(path, field.Value)
		}
	}
	return typed
}

// A row that is taken out stays so when the form comes back with a fault
// elsewhere, and the fault stands beside what is wrong.
func TestRemovedRowAndAFault(t *testing.T) {
	saved := func() openvpn.Instance {
		return openvpn.Instance{Users: []openvpn.User{
			{Name: "a", Password: snmp.NewSecret("of a")}, {Name: "b", Password: snmp.NewSecret("of b")}, {Name: "c", Password: snmp.NewSecret("of c")},
		}}
	}
	c := saved()
	typed := sending(form.New(&c, guide{}))
	typed.Set("users[0].remove", "on")
	typed.Set("users[1].name", "b!")
	typed.Set("users[3].name", "d")
	f := form.New(&c, guide{})
	f.Decode(typed)
	require.Len(t, c.Users, 3)
	require.True(t, f.Fault("users[0].name", "no such letter"), "of the record, where the first one is gone")

	shown := fields(f)
	assert.Equal(t, "no such letter", shown["users[1].name"].Error)
	assert.Empty(t, shown["users[0].name"].Error)
	assert.Equal(t, "d", shown["users[3].name"].Value)
	rows := shown["users"].Rows
	require.Len(t, rows, 5, "with one more")
	assert.True(t, rows[0].Removed)
	assert.False(t, rows[3].New, "it can be taken out again")

	again := sending(f)
	again.Set("users[1].name", "b2")
	c = saved()
	form.New(&c, guide{}).Decode(again)
	assert.Equal(t, []openvpn.User{
		{Name: "b2", Password: snmp.NewSecret("of b")}, {Name: "c", Password: snmp.NewSecret("of c")}, {Name: "d"},
	}, c.Users, "each with the password it had")
}

// A secret that was typed is not sent back; the form does not say that it is
// kept.
func TestTypedSecretOfAFormThatComesBack(t *testing.T) {
	c := ipsec.Connection{PreSharedKey: snmp.NewSecret("old")}
	f := form.New(&c, guide{})
	f.Decode(url.Values{"pre_shared_key": {"new"}, "dpd_delay": {"soon"}})
	require.False(t, f.OK())
	field := fields(f)["pre_shared_key"]
	assert.Contains(t, field.Error, "type it again")
	assert.Empty(t, field.Value)
}

// A table with many rows takes one more.
func TestManyRows(t *testing.T) {
	var c openvpn.Instance
	for i := range 300 {
		c.Users = append(c.Users, openvpn.User{Name: fmt.Sprint("user", i)})
	}
	form.New(&c, guide{}).Decode(url.Values{"users[300].name": {"last"}})
	require.Len(t, c.Users, 301)
	assert.Equal(t, "last", c.Users[300].Name)
}

// Names of fields that no form has do nothing, and cost little.
func TestHostileNames(t *testing.T) {
	typed := url.Values{
		"users[999999999].name": {"far"}, "users[-1].name": {"x"}, "users[1e3].name": {"x"}, "users[": {"x"}, "users[]": {"x"}, "users": {"x"},
		"users[0": {"x"}, "[0].name": {"x"}, ".": {"x"}, "": {"x"}, "name.name": {"x"}, "files.ca": {"/etc/shadow"},
		strings.Repeat("users[0].", 1<<16): {"x"}, "users[0].name\x00": {"x"}, "name": nil,
	}
	for i := range 5000 {
		typed.Set(fmt.Sprintf("clients[%d].options[%d].x", i%256, i), "x")
		typed.Set(fmt.Sprintf("users[%d].name", i), "x")
	}
	var c openvpn.Instance
	f := form.New(&c, guide{})
	begin := time.Now()
	f.Decode(typed)
	for i := range c.Users {
		f.Fault(fmt.Sprintf("users[%d].name", i), "wrong")
	}
	assert.Less(t, time.Since(begin), time.Minute, "also on an emulated processor of a busy host")
	assert.LessOrEqual(t, len(c.Users), 256)
	assert.Empty(t, c.Files, "hidden fields are not taken")
	_ = sending(f)
}
