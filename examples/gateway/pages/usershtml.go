package pages

import (
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d usersData) body(s *sheet) {
	if d.Token != "" {
		s.HTML(`<section aria-label="New token" class="notice"><p>This is your new token. It is shown only this once:</p><p><code id="token">`).Text(d.Token).
			HTML(`</code></p><p class="hint">For programs: <code>curl -H "Authorization: Bearer TOKEN"</code>, or as the password of basic authentication. It may do what you may.</p></section>`)
	}
	d.own(s)
	if s.can(account.Admin) {
		d.all(s)
		d.audit(s)
	}
}

// own writes what is about who looks.
func (d usersData) own(s *sheet) {
	s.section("Your account")
	s.HTML(`<p>You are `).Text(d.Own.Name).HTML(` (`).Text(string(d.Own.Role)).HTML(`).</p>`+
		`<form method="post" action="/users/own-password"><h3>Change your password</h3>`).
		Maybe(`<p class="error" role="alert">The password is not changed: `, d.OwnError, `.</p>`).
		HTML(`<input type="text" name="username" value="`).Text(d.Own.Name).HTML(`" autocomplete="username" aria-label="User" hidden>`+
		`<div class="field"><label for="current">Password until now</label><input type="password" id="current" name="current" autocomplete="current-password" required></div>`+
		`<div class="field"><label for="own-password">New password</label><input type="password" id="own-password" name="password" autocomplete="new-password" minlength="10" maxlength="72" required aria-describedby="own-password-help"><p class="hint" id="own-password-help">10 characters or more.</p></div>`+
		`<div class="field"><label for="again">New password again</label><input type="password" id="again" name="again" autocomplete="new-password" required></div>`+
		`<p><button>Change the password</button></p></form>`+
		`<form method="post" action="/users/own-token"><h3>Token for programs</h3><p>`).
		Either(d.Own.Token, `You have one. A new one replaces it.`, `You have none.`).
		HTML(`</p><p><button name="action" value="new">Make a token</button>`).
		If(d.Own.Token, ` <button name="action" value="revoke" class="danger">Revoke it</button>`).
		HTML(`</p></form></section>`)
}

// all writes the users, and the form of a new one.
func (d usersData) all(s *sheet) {
	s.section("Users")
	if d.ChangeError != "" {
		s.HTML(`<p class="error" role="alert">`).Text(d.Changed).HTML(` is not changed: `).Text(d.ChangeError).HTML(`.</p>`)
	}
	s.table("Name", "Role", "Logged in", "New password", "Token", "Delete")
	for _, u := range d.Users {
		d.row(s, u)
	}
	s.endTable()
	s.HTML(`<form method="post" action="/users/add" class="record"><h3>Add a user</h3>`).
		Maybe(`<p class="error" role="alert">The user is not added: `, d.AddError, `.</p>`).
		HTML(`<div class="field"><label for="name">Name</label><input id="name" name="name" value="`).Text(d.Name).
		HTML(`" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32" required aria-describedby="name-help"><p class="hint" id="name-help">Small letters, digits, dots and dashes; a letter first.</p></div>` +
			`<div class="field"><label for="role">Role</label><select id="role" name="role" aria-describedby="role-help">`)
	d.roles(s, d.Role)
	s.HTML(`</select><p class="hint" id="role-help">A viewer looks, an operator starts and stops, too, and an admin changes the configuration, too.</p></div>` +
		`<div class="field"><label for="password">Password</label><input type="password" id="password" name="password" autocomplete="new-password" minlength="10" maxlength="72" required aria-describedby="password-help"><p class="hint" id="password-help">10 characters or more.</p></div>` +
		`<p><button class="first">Add the user</button></p></form></section>`)
}

func (d usersData) roles(s *sheet, chosen account.Role) {
	for _, role := range d.Roles {
		s.option(string(role), string(role), role == chosen)
	}
}

// row writes a user with what can be done to it.
func (d usersData) row(s *sheet, u account.Info) {
	change := func() {
		s.HTML(`<form method="post" action="/users/change" class="inline">`)
		s.hidden("name", u.Name)
	}
	s.row(u.Name)
	s.HTML(`<td>`)
	change()
	s.HTML(`<select name="role" aria-label="Role of `).Text(u.Name).HTML(`">`)
	d.roles(s, u.Role)
	s.HTML(`</select> <button name="action" value="role" aria-label="Change the role of `).Text(u.Name).HTML(`">Change</button></form></td>`)
	s.cells(strconv.Itoa(u.Sessions))
	s.HTML(`<td>`)
	change()
	s.HTML(`<input type="password" name="password" autocomplete="new-password" minlength="10" maxlength="72" required aria-label="New password of `).Text(u.Name).
		HTML(`"> <button name="action" value="password" aria-label="Set the password of `).Text(u.Name).HTML(`">Set</button></form></td><td>`)
	if u.Token {
		change()
		s.HTML(`<button name="action" value="revoke" aria-label="Revoke the token of `).Text(u.Name).HTML(`">Revoke</button></form>`)
	} else {
		s.HTML(`none`)
	}
	s.HTML(`</td><td>`)
	change()
	s.HTML(`<button name="action" value="delete" class="danger" aria-label="Delete `).Text(u.Name).HTML(`">Delete</button></form></td></tr>`)
}

// audit writes who did what.
func (d usersData) audit(s *sheet) {
	s.section("Audit log")
	defer s.HTML(`</section>`)
	if len(d.Audit) == 0 {
		s.HTML(`<p>Nothing was done yet.</p>`)
		return
	}
	s.table("When", "Who", "From", "What", "Status")
	for _, e := range d.Audit {
		status := ""
		if e.Status != 0 {
			status = strconv.Itoa(e.Status)
		}
		s.HTML(`<tr>`)
		s.cells(clock(e.At), e.User, e.From, e.What, status)
		s.HTML(`</tr>`)
	}
	s.endTable()
}
