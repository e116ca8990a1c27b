package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (p *Pages) tagPages() {
	p.show(page{path: "/tags", title: "Tags", role: account.Viewer, live: p.tags})
}

// tagsOnPage bounds a page of tags.
const tagsOnPage = 100

// tagsData is the devices behind this one, and the tags of one of them.
type tagsData struct {
	Trouble      string
	Devices      []deviceRow
	Device       api.Device
	Rows         []tagRow
	Total        int
	Before, Next string
	First, Last  int
}

type deviceRow struct {
	api.Device
	Path    string
	Current bool
}

type tagRow struct {
	api.Tag
	Value, Flags, Trouble string
	Good                  bool
	Time                  time.Time
}

func (p *Pages) tags(r *http.Request) (living, error) {
	points := p.Live.Points()
	if points == nil {
		return tagsData{Trouble: "There is no source of tags."}, nil
	}
	var data tagsData
	devices, err := points.Devices(r.Context())
	if err != nil {
		data.Trouble = err.Error()
		return data, nil
	}
	alias := r.URL.Query().Get("device")
	if alias == "" && len(devices) > 0 {
		alias = devices[0].Alias
	}
	for _, d := range devices {
		row := deviceRow{d, tagsPath(d.Alias, 0), d.Alias == alias}
		if row.Current {
			data.Device = d
		}
		data.Devices = append(data.Devices, row)
	}
	if alias == "" {
		return data, nil
	}
	tags, err := points.Tags(r.Context(), alias)
	if errors.Is(err, api.ErrUnknownDevice) {
		return nil, &refusal{http.StatusNotFound, "There is no such device."}
	}
	if err != nil {
		data.Trouble = err.Error()
		return data, nil
	}
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || from < 0 || from >= len(tags) {
		from = 0
	}
	to := min(from+tagsOnPage, len(tags))
	data.Total, data.First, data.Last = len(tags), from+1, to
	if from > 0 {
		data.Before = tagsPath(alias, max(0, from-tagsOnPage))
	}
	if to < len(tags) {
		data.Next = tagsPath(alias, to)
	}
	for _, tag := range tags[from:to] {
		row := tagRow{Tag: tag}
		value, err := points.Value(r.Context(), alias, tag.SignalAlias)
		if err != nil {
			row.Trouble = err.Error()
		} else {
			row.Value, row.Flags, row.Good, row.Time = value.Value.String(), flagWords(value.Flags), value.Flags == 0, value.Time
		}
		data.Rows = append(data.Rows, row)
	}
	return data, nil
}

func tagsPath(device string, from int) string {
	query := url.Values{"device": {device}}
	if from > 0 {
		query.Set("from", strconv.Itoa(from))
	}
	return "/tags?" + query.Encode()
}

// flagWords says what is the matter with a value.
func flagWords(flags api.Flags) string {
	text := ""
	for _, f := range []struct {
		flag  api.Flags
		words string
	}{{api.FlagInvalid, "invalid (IV)"}, {api.FlagNonTopical, "old (NT)"}, {api.FlagOverflow, "overflow (OV)"}} {
		if flags&f.flag != 0 {
			if text != "" {
				text += ", "
			}
			text += f.words
		}
	}
	return text
}
