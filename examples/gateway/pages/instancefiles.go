package pages

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/openvpn"
)

// maxFile bounds a file of an instance.
const maxFile = 1 << 20

// fileRow is a file that an instance names.
type fileRow struct {
	openvpn.NeededFile
	There    bool
	Warnings []string
}

// filesOf lists the files of an instance, and what is wrong with them.
func (p *Pages) filesOf(i openvpn.Instance, data *instanceData) error {
	if p.Store == nil {
		return nil
	}
	have, err := p.Store.List(i.Name)
	if err != nil {
		return err
	}
	authority, err := p.authority()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data.Authority = authority != nil
	warnings := openvpn.CheckFiles(i, p.Store, time.Now())
	for _, needed := range openvpn.NeededFiles(i) {
		row := fileRow{NeededFile: needed, There: slices.Contains(have, needed.Name)}
		for _, w := range warnings {
			if w.Path == "files["+string(needed.Kind)+"]" && row.There {
				row.Warnings = append(row.Warnings, w.Text)
			}
		}
		fromHere := needed.Origin == openvpn.OriginHere || needed.Origin == openvpn.OriginShared || needed.Origin == openvpn.OriginAuthority && authority != nil
		data.Makes = data.Makes || !row.There && fromHere
		data.Files = append(data.Files, row)
	}
	if authority == nil || !data.Server {
		return nil
	}
	data.Issued, err = issuedOf(authority)
	return err
}

// takeFile stores a file that was uploaded for an instance.
func (p *Pages) takeFile(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxForm)
	content, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	i, kind, err := p.namedFile(r)
	if err != nil {
		return err
	}
	if err := p.Store.Put(i.Name, i.Files[kind], content); err != nil {
		return &refusal{http.StatusUnprocessableEntity, "The file is not taken: " + err.Error()}
	}
	p.Log.Info("file stored", "about", "openvpn", "item", i.Name, "file", i.Files[kind], "user", account.From(r.Context()).Name)
	return p.filesChanged(w, r, i.Name)
}

// namedFile returns which file of which instance a form is about.
func (p *Pages) namedFile(r *http.Request) (openvpn.Instance, openvpn.FileKind, error) {
	i, ok := p.instanceOf(r.PostFormValue("name"))
	if !ok {
		return i, "", noInstance()
	}
	kind := openvpn.FileKind(r.PostFormValue("kind"))
	if p.Store == nil || i.Files[kind] == "" {
		return i, "", &refusal{http.StatusNotFound, "The instance names no such file."}
	}
	return i, kind, nil
}

// uploaded returns a file of a form.
func uploaded(r *http.Request, field string) ([]byte, error) {
	file, _, err := r.FormFile(field)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "There is no file in the form, or it is too large."}
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "The file cannot be read."}
	}
	return content, nil
}

// filesChanged lets a running service take the files that have changed, and
// goes back to the instance.
func (p *Pages) filesChanged(w http.ResponseWriter, r *http.Request, name string) error {
	if err := p.takeFiles(r); err != nil {
		return &refusal{http.StatusConflict, "The files are stored, but not all instances run with them: " + err.Error()}
	}
	http.Redirect(w, r, instancePath("/openvpn/instance", name), http.StatusSeeOther)
	return nil
}

// takeFiles lets a running service take what the store holds now. Its
// configuration stays.
func (p *Pages) takeFiles(r *http.Request) error {
	if p.TakeFiles == nil {
		return nil
	}
	return p.TakeFiles(r.Context())
}

// makeFiles makes what an instance needs and does not have: with the authority
// what that issues, the rest without.
func (p *Pages) makeFiles(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	i, ok := p.instanceOf(r.PostForm.Get("name"))
	if !ok || p.Store == nil {
		return noInstance()
	}
	if err := p.makeFilesOf(i); err != nil {
		return &refusal{http.StatusConflict, "Not all files could be made: " + err.Error()}
	}
	return p.filesChanged(w, r, i.Name)
}

func (p *Pages) makeFilesOf(i openvpn.Instance) error {
	authority, err := p.authority()
	if err == nil && i.Files[openvpn.FileCA] != "" {
		return openvpn.IssueFiles(i, i.Name, authority, p.Store)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = openvpn.MakeFiles(i, p.Store)
	return err
}

// deleteFiles deletes all files of an instance.
func (p *Pages) deleteFiles(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	i, ok := p.instanceOf(r.PostForm.Get("name"))
	if !ok || p.Store == nil {
		return noInstance()
	}
	if r.PostForm.Get("sure") != "on" {
		return &refusal{http.StatusBadRequest, "Check the box if the files shall go: nobody can bring keys back."}
	}
	if err := p.Store.Delete(i.Name); err != nil {
		return err
	}
	p.Log.Info("files deleted", "about", "openvpn", "item", i.Name, "user", account.From(r.Context()).Name)
	return p.filesChanged(w, r, i.Name)
}

// moveFiles copies the files of an instance that gets another name. Those
// under the old one stay for what runs, and for older revisions.
func (p *Pages) moveFiles(old, name string) error {
	if p.Store == nil {
		return nil
	}
	files, err := p.Store.List(old)
	for _, file := range files {
		content, fault := p.Store.Get(old, file)
		if fault == nil {
			fault = p.Store.Put(name, file, content)
		}
		err = errors.Join(err, fault)
	}
	return err
}
