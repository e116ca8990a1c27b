package pages

import (
	"net/http"

	"github.com/fieldgate/fieldgate/telemetry"
)

// telemetryData is what the page of the telemetry agent shows beyond settings.
type telemetryData struct {
	Running bool
	telemetry.Status
}

func (p *Pages) telemetry(*http.Request) (special, error) {
	service := p.Live.Telemetry()
	if service == nil {
		return telemetryData{}, nil
	}
	return telemetryData{true, service.Status()}, nil
}
