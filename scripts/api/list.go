package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// list returns a line for all that a package exports, sorted.
func list(p listed) []string {
	l := lister{pkg: p}
	scope := p.types.Scope()
	for _, name := range scope.Names() {
		if o := scope.Lookup(name); o.Exported() {
			l.object(o)
		}
	}
	slices.Sort(l.lines)
	return l.lines
}

type lister struct {
	pkg   listed
	lines []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, l.pkg.path+": "+fmt.Sprintf(format, args...))
}

// text writes a type without names of parameters, which nobody depends on.
func (l *lister) text(t types.Type) string {
	return types.TypeString(unnamed(t), func(p *types.Package) string {
		if p == l.pkg.types {
			return ""
		}
		return strings.TrimPrefix(p.Path(), module+"/")
	})
}

func (l *lister) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		l.add("const %s %s = %s", o.Name(), l.text(o.Type()), o.Val().ExactString())
	case *types.Var:
		l.add("var %s %s", o.Name(), l.text(o.Type()))
	case *types.Func:
		l.add("func %s%s", o.Name(), strings.TrimPrefix(l.text(o.Type()), "func"))
	case *types.TypeName:
		l.typeName(o)
	}
}

func (l *lister) typeName(o *types.TypeName) {
	name := o.Name()
	named, ok := types.Unalias(o.Type()).(*types.Named)
	if !ok {
		l.add("type %s = %s", name, l.text(types.Unalias(o.Type())))
		return
	}
	if o.IsAlias() {
		l.add("type %s = %s", name, l.text(named))
		if isPublic(strings.TrimPrefix(named.Obj().Pkg().Path(), module+"/")) {
			return // it is listed where it is
		}
	}
	for m := range named.Methods() {
		if m.Exported() {
			receiver := name
			if _, pointer := m.Signature().Recv().Type().(*types.Pointer); pointer {
				receiver = "*" + name
			}
			l.add("method (%s) %s%s", receiver, m.Name(), strings.TrimPrefix(l.text(m.Signature()), "func"))
		}
	}
	if params := named.TypeParams(); params != nil {
		name += "["
		for i := range params.Len() {
			name += params.At(i).Obj().Name() + " " + l.text(params.At(i).Constraint()) + ", "
		}
		name = strings.TrimSuffix(name, ", ") + "]"
	}
	switch u := named.Underlying().(type) {
	case *types.Struct:
		l.add("type %s struct", name)
		for i := range u.NumFields() {
			if f := u.Field(i); f.Exported() {
				l.add("type %s struct, %s", name, strings.TrimSpace(f.Name()+" "+l.text(f.Type())+" "+u.Tag(i)))
			}
		}
	case *types.Interface:
		l.add("type %s interface { %s }", name, l.methods(u))
	default:
		l.add("type %s %s", name, l.text(u))
	}
}

// methods are all in one line, so that one more is a change: who implements
// the interface has not got it.
func (l *lister) methods(u *types.Interface) string {
	var all []string
	for m := range u.Methods() {
		if m.Exported() {
			all = append(all, m.Name()+strings.TrimPrefix(l.text(m.Signature()), "func"))
		}
	}
	if len(all) < u.NumMethods() {
		all = append(all, "unexported methods")
	}
	return strings.Join(all, "; ")
}

// unnamed returns t without names of parameters and results.
func unnamed(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Signature:
		params := slices.Collect(t.TypeParams().TypeParams())
		if len(params) > 0 {
			return t // a parameter of a type belongs to one signature only
		}
		return types.NewSignatureType(nil, nil, nil, anonymous(t.Params()), anonymous(t.Results()), t.Variadic())
	case *types.Pointer:
		return types.NewPointer(unnamed(t.Elem()))
	case *types.Slice:
		return types.NewSlice(unnamed(t.Elem()))
	case *types.Map:
		return types.NewMap(t.Key(), unnamed(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), unnamed(t.Elem()))
	}
	return t
}

func anonymous(all *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range all.Variables() {
		vars = append(vars, types.NewParam(0, nil, "", unnamed(v.Type())))
	}
	return types.NewTuple(vars...)
}
