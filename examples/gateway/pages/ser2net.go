package pages

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/ser2net"
)

// ser2netData is what the ser2net page shows beyond settings.
type ser2netData struct {
	Running  bool
	Ports    []portRow
	Rotators []ser2net.RotatorStatus
}

// portRow is a serial port with what can be done to it.
type portRow struct {
	ser2net.PortStatus
	Item  control.Item
	Good  bool
	Lines []modemLine
}

// modemLine is a line of the serial port.
type modemLine struct {
	Name, About string
	On          bool
}

func (p *Pages) ser2net(*http.Request) (special, error) {
	service := p.Live.Ser2net()
	if service == nil {
		return ser2netData{}, nil
	}
	items := make(map[string]control.Item)
	for _, item := range p.Control.Items("ser2net") {
		items[item.Name] = item
	}
	status := service.Status()
	data := ser2netData{Running: true, Rotators: status.Rotators}
	for _, port := range status.Ports {
		row := portRow{PortStatus: port, Item: items[port.Name], Good: port.State == ser2net.StateOpen || port.State == ser2net.StateWaiting}
		if l := port.Lines; l != nil {
			row.Lines = []modemLine{
				{"DTR", "data terminal ready, ours", l.DTR}, {"RTS", "request to send, ours", l.RTS}, {"CTS", "clear to send", l.CTS},
				{"DSR", "data set ready", l.DSR}, {"RI", "ring indicator", l.RI}, {"DCD", "carrier detect", l.DCD},
			}
		}
		data.Ports = append(data.Ports, row)
	}
	return data, nil
}

// disconnect ends a client of a serial port, or all of them.
func (p *Pages) disconnect(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	port := r.PostForm.Get("port")
	client, err := strconv.ParseUint(r.PostForm.Get("client"), 10, 64)
	if err != nil {
		return &refusal{http.StatusBadRequest, "Say which client."}
	}
	service := p.Live.Ser2net()
	if service == nil {
		return &refusal{http.StatusConflict, "ser2net does not run."}
	}
	p.Log.Info("asked by a user", "verb", "disconnect", "about", "ser2net", "item", port, "client", client, "user", account.From(r.Context()).Name)
	return p.done(w, r, "/ser2net", fmt.Sprintf("Client %d of %s is disconnected.", client, port), service.Disconnect(port, client))
}

func (p *Pages) ser2netPages() {
	p.handle("POST /ser2net/disconnect", account.Operator, p.disconnect)
}
