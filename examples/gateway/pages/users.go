package pages

import (
	"errors"
	"net/http"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// userPages adds the accounts, if there are some.
func (p *Pages) userPages() {
	if p.Accounts == nil {
		return
	}
	p.sections = append(p.sections, section{"/users", "Users", account.Viewer})
	p.handle("POST /users/own-password", account.Viewer, p.ownPassword)
	p.handle("POST /users/own-token", account.Viewer, p.ownToken)
	p.handle("POST /users/add", account.Admin, p.addUser)
	p.handle("POST /users/change", account.Admin, p.changeUser)
	p.show(page{path: "/users", title: "Users", role: account.Viewer, content: func(r *http.Request) (content, error) {
		return p.users(r), nil
	}})
}

// usersData is the page of one's own account and, for admins, of all.
type usersData struct {
	Own   account.Info
	Users []account.Info // of admins only
	Audit []account.Entry
	Roles []account.Role
	Token string // a new one, shown only this once

	// What did not work, beside its form, and what was typed there.
	OwnError, AddError, ChangeError string
	Name                            string
	Role                            account.Role
	Changed                         string // the user that ChangeError is about
}

func (p *Pages) users(r *http.Request) usersData {
	user := account.From(r.Context())
	data := usersData{Roles: []account.Role{account.Viewer, account.Operator, account.Admin}, Role: account.Viewer}
	all := p.Accounts.Users()
	for _, u := range all {
		if u.Name == user.Name {
			data.Own = u
		}
	}
	if user.Role.Allows(account.Admin) {
		data.Users, data.Audit = all, p.Accounts.Audit()
	}
	return data
}

// usersAgain shows the page with what did not work; nothing typed is lost but
// passwords.
func (p *Pages) usersAgain(w http.ResponseWriter, r *http.Request, change func(*usersData)) error {
	data := p.users(r)
	change(&data)
	return p.render(w, r, http.StatusUnprocessableEntity, "Users", data)
}

func (p *Pages) ownPassword(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	account.Note(r.Context(), "change the own password")
	err := p.Accounts.Reauthenticate(r, r.PostForm.Get("current"))
	if err == nil && r.PostForm.Get("password") != r.PostForm.Get("again") {
		err = errors.New("the new password is not the same both times")
	}
	if err == nil {
		err = p.Accounts.SetPassword(r.Context(), account.From(r.Context()).Name, r.PostForm.Get("password"))
	}
	if err != nil {
		return p.usersAgain(w, r, func(d *usersData) { d.OwnError = err.Error() })
	}
	return p.toUsers(w, r)
}

// ownToken makes a token, which is shown here and never again, or revokes it.
func (p *Pages) ownToken(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	name := account.From(r.Context()).Name
	switch r.PostForm.Get("action") {
	case "new":
	case "revoke":
		if err := p.Accounts.RevokeToken(r.Context(), name); err != nil {
			return err
		}
		return p.toUsers(w, r)
	default:
		return &refusal{http.StatusBadRequest, "There is nothing like that to do."}
	}
	token, err := p.Accounts.NewToken(r.Context(), name)
	if err != nil {
		return err
	}
	data := p.users(r)
	data.Token = token
	return p.render(w, r, http.StatusOK, "Users", data)
}

func (p *Pages) addUser(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	name, role := r.PostForm.Get("name"), account.Role(r.PostForm.Get("role"))
	if err := p.Accounts.Add(r.Context(), name, role, r.PostForm.Get("password")); err != nil {
		return p.usersAgain(w, r, func(d *usersData) { d.AddError, d.Name, d.Role = err.Error(), name, role })
	}
	return p.toUsers(w, r)
}

func (p *Pages) changeUser(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	ctx, name := r.Context(), r.PostForm.Get("name")
	var err error
	switch r.PostForm.Get("action") {
	case "role":
		err = p.Accounts.SetRole(ctx, name, account.Role(r.PostForm.Get("role")))
	case "password":
		err = p.Accounts.SetPassword(ctx, name, r.PostForm.Get("password"))
	case "revoke":
		err = p.Accounts.RevokeToken(ctx, name)
	case "delete":
		err = p.Accounts.Delete(ctx, name)
	default:
		return &refusal{http.StatusBadRequest, "There is nothing like that to do."}
	}
	if err != nil {
		return p.usersAgain(w, r, func(d *usersData) { d.ChangeError, d.Changed = err.Error(), name })
	}
	return p.toUsers(w, r)
}

// toUsers leads back to the page.
func (p *Pages) toUsers(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/users", http.StatusSeeOther)
	return nil
}
