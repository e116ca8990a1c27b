package snmp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/internal/order"
)

// The views that are always there.
const (
	viewAll  = "all"
	viewNone = "none"
)

// implicit begins the names that the agent makes for the groups and
// securityNames of communities and users that are not in Groups.
const implicit = "_"

// model is a securityModel as a number (RFC 3411, section 5).
type model int32

const (
	anyModel model = 0
	v1Model  model = 1
	v2cModel model = 2
	usmModel model = 3
)

func (m SecurityModel) number() model {
	switch m {
	case ModelV1:
		return v1Model
	case ModelV2c:
		return v2cModel
	case ModelUSM:
		return usmModel
	}
	return anyModel
}

// level is a securityLevel as a number (RFC 3411, section 5).
type level int32

const (
	noAuthNoPriv level = 1
	authNoPriv   level = 2
	authPriv     level = 3
)

// number returns the level, or other for the empty one.
func (l Level) number(other level) level {
	switch l {
	case NoAuthNoPriv:
		return noAuthNoPriv
	case AuthNoPriv:
		return authNoPriv
	case AuthPriv:
		return authPriv
	}
	return other
}

// member is a securityName under a model.
type member struct {
	model model
	name  string
}

// accessRow is a row of vacmAccessTable.
type accessRow struct {
	group, context string
	prefix         bool // context is the beginning of it
	model          model
	level          level
	read, write    *view
	notify         string // the name of a view
}

// accessControl is the tables of RFC 3415, made from a valid Config. It does
// not change.
type accessControl struct {
	views  []*view // by name
	groups map[member]string
	rows   []accessRow
}

// rights is what a request may see and change; nil views have nothing.
type rights struct{ read, write *view }

// newAccessControl makes the tables of a valid Config.
func newAccessControl(c Config) *accessControl {
	a := &accessControl{groups: make(map[member]string)}
	a.views = []*view{allView(), {name: viewNone}}
	for _, v := range c.Views {
		a.views = append(a.views, compileView(v))
	}
	order.Sort(a.views, func(v, w *view) int { return strings.Compare(v.name, w.name) })
	for _, g := range c.Groups {
		for _, m := range g.Members {
			a.groups[member{m.Model.number(), m.SecurityName}] = g.Name
		}
	}
	for _, r := range c.Access {
		a.rows = append(a.rows, accessRow{
			group: r.Group, context: r.Context, prefix: r.ContextPrefix,
			model: r.Model.number(), level: r.Level.number(noAuthNoPriv),
			read: a.view(r.Read, viewNone), write: a.view(r.Write, viewNone), notify: cmp.Or(r.Notify, viewNone),
		})
	}
	for i, community := range c.Communities {
		if community.SecurityName == "" {
			name := community.securityName(i)
			if m := community.Version; m != Version2c {
				a.allow(member{v1Model, name}, name, noAuthNoPriv, community.Read, community.Write)
			}
			if m := community.Version; m != Version1 {
				a.allow(member{v2cModel, name}, name, noAuthNoPriv, community.Read, community.Write)
			}
		}
	}
	for i, u := range c.Users {
		who := member{usmModel, u.Name}
		if _, grouped := a.groups[who]; !grouped {
			a.allow(who, fmt.Sprintf("%suser%d", implicit, i+1), u.leastLevel(), u.Read, u.Write)
		}
	}
	return a
}

// securityName returns the one of the community with an index.
func (c *Community) securityName(index int) string {
	return cmp.Or(c.SecurityName, fmt.Sprintf("%scommunity%d", implicit, index+1))
}

// allow adds group and access of one that is not in Groups: in any context.
func (a *accessControl) allow(who member, group string, least level, read, write string) {
	a.groups[who] = group
	a.rows = append(a.rows, accessRow{
		group: group, prefix: true, model: who.model, level: least,
		read: a.view(read, viewAll), write: a.view(write, viewNone), notify: viewAll,
	})
}

// view returns the view of a name, or of other when it is empty.
func (a *accessControl) view(name, other string) *view {
	name = cmp.Or(name, other)
	i := slices.IndexFunc(a.views, func(v *view) bool { return v.name == name })
	return a.views[i]
}

// compileView reads a valid View.
func compileView(v View) *view {
	compiled := &view{name: v.Name}
	add := func(list []Family, include bool) {
		for _, f := range list {
			if parsed, err := parseFamily(f, include); err == nil {
				compiled.families = append(compiled.families, parsed)
			}
		}
	}
	add(v.Include, true)
	add(v.Exclude, false)
	return compiled
}

// rights returns what who may do, and false when that is nothing at all: the
// group or the access entry is missing (RFC 3415, section 3.2). Of several
// entries the most specific counts, as vacmAccessTable says: the model itself
// before any, the whole context before its beginning, the longer beginning,
// the higher level.
func (a *accessControl) rights(who member, l level, context string) (rights, bool) {
	group, ok := a.groups[who]
	if !ok {
		return rights{}, false
	}
	var best *accessRow
	for i := range a.rows {
		r := &a.rows[i]
		switch {
		case r.group != group, r.model != anyModel && r.model != who.model, r.level > l:
		case r.context != context && !(r.prefix && strings.HasPrefix(context, r.context)):
		case best == nil || r.beats(best, context):
			best = r
		}
	}
	if best == nil {
		return rights{}, false
	}
	return rights{best.read, best.write}, true
}

// beats tells whether r counts more than other; both match.
func (r *accessRow) beats(other *accessRow, context string) bool {
	whole := func(r *accessRow) int {
		if r.context == context {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(r.model, other.model), // anyModel is the least
		cmp.Compare(whole(r), whole(other)),
		cmp.Compare(len(r.context), len(other.context)),
		cmp.Compare(r.level, other.level),
	) > 0
}
