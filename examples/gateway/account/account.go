// Package account is who may do what on the gateway: users with passwords and
// roles, their sessions, and a record of what they did.
//
// [Manager.Wrap] goes around everything that people and their programs reach:
// it says who asks ([From]) or sends them to the login page. Programs send a
// user's token, as "Authorization: Bearer TOKEN" or as the password of basic
// authentication.
//
// The state folder keeps these files, all of mode 0600:
//
//	users.yaml         users; passwords as bcrypt, tokens as SHA-256
//	audit.log          who did what, and audit.log.1 before it
//	audit-refused.log  who was turned away, apart so that nobody can push
//	                   the other out
package account

import "context"

// Role is what a user may do.
type Role string

// The roles, each with the rights of those before it.
const (
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // start and stop, too
	Admin    Role = "admin"    // change the configuration, too
)

// Allows reports whether a user of role r may do what needs role needed.
func (r Role) Allows(needed Role) bool { return rank(r) >= rank(needed) && rank(r) > 0 }

func rank(r Role) int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Admin:
		return 3
	}
	return 0
}

// User is who asks.
type User struct {
	Name string
	Role Role
}

type userKey struct{}

// With returns a context of a request that user makes.
func With(ctx context.Context, user User) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// From returns who makes the request of ctx; the zero User is nobody.
func From(ctx context.Context) User {
	user, _ := ctx.Value(userKey{}).(User)
	return user
}
