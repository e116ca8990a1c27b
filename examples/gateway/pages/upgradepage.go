package pages

import (
	"errors"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (p *Pages) upgradePages() {
	p.handle("POST /upgrade", account.Admin, p.receiveFirmware)
	p.handle("POST /upgrade/apply", account.Admin, p.applyFirmware)
	p.show(page{path: "/upgrade", title: "Firmware", role: account.Viewer, live: p.upgrade})
}

// upgradeData is how far an upgrade has come.
type upgradeData struct {
	Known    bool // Status is
	Status   firmware.Status
	Firmware string // that runs now
	Token    string // of an image that was checked and waits to be applied
	Off      bool
}

// received is an image that was checked.
type received struct{ apply func() error }

func (p *Pages) upgrade(r *http.Request) (living, error) {
	data := upgradeData{Off: p.Live.Upgrade() == nil, Token: r.URL.Query().Get("image")}
	if _, waits := p.pending.look(account.From(r.Context()).Name, data.Token).(received); !waits {
		data.Token = ""
	}
	if s, has := p.Live.Upgrade().(interface{ Status() firmware.Status }); has {
		data.Known, data.Status = true, s.Status()
	}
	if info, err := p.Live.System().SystemInfo(r.Context()); err == nil {
		data.Firmware = info.FirmwareVersion
	}
	return data, nil
}

// uploadTime is how long an upload may take.
const uploadTime = 30 * time.Minute

// receiveFirmware hands an upload to the upgrade as it comes.
func (p *Pages) receiveFirmware(w http.ResponseWriter, r *http.Request) error {
	taker := p.Live.Upgrade()
	if taker == nil {
		return &refusal{http.StatusConflict, "No firmware is taken: the upgrade is switched off in the configuration."}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTime)) // a server without deadlines has none to move
	_ = control.SetWriteDeadline(time.Now().Add(uploadTime))
	parts, err := r.MultipartReader()
	if err != nil {
		return &refusal{http.StatusBadRequest, "There is no file in the form."}
	}
	part, err := parts.NextPart()
	if err != nil || part.FormName() != "file" {
		return &refusal{http.StatusBadRequest, "There is no file in the form."}
	}
	apply, err := taker.Receive(r.Context(), part)
	if err != nil {
		status := http.StatusInternalServerError
		switch {
		case errors.Is(err, api.ErrRefused):
			status = http.StatusUnprocessableEntity
		case errors.Is(err, api.ErrBusy), errors.Is(err, api.ErrNotReady):
			status = http.StatusConflict
		}
		return &refusal{status, "The firmware is not taken: " + err.Error()}
	}
	user := account.From(r.Context()).Name
	p.Log.Info("firmware received", "about", "upgrade", "user", user)
	path := "/upgrade?image=" + p.pending.keep(user, received{apply})
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", path)
		return nil
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// applyFirmware starts the upgrade with an image that was checked.
func (p *Pages) applyFirmware(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	user, token := account.From(r.Context()).Name, r.PostForm.Get("image")
	image, ok := p.pending.look(user, token).(received)
	if !ok {
		return &refusal{http.StatusGone, "The firmware was uploaded too long ago. Upload it again."}
	}
	p.pending.drop(token)
	p.Log.Warn("firmware upgrade begins", "about", "upgrade", "user", user)
	if err := image.apply(); err != nil {
		return &refusal{http.StatusConflict, "The upgrade did not begin: " + err.Error()}
	}
	http.Redirect(w, r, "/upgrade", http.StatusSeeOther)
	return nil
}
