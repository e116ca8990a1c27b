package atmodem

import (
	"context"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/internal/cellular"
)

// identity is what does not change while the port is open.
type identity struct{ manufacturer, model, revision, imei string }

// registrationNames are the registrations, the one that tells most first: of
// 5G, of LTE, for packets, for calls.
var registrationNames = [...]string{"+C5GREG", "+CEREG", "+CGREG", "+CREG"}

// settings are made once in a session.
var settings = [...]string{"AT+CMEE=1", "AT+COPS=3,0", "AT+CREG=2", "AT+CGREG=2", "AT+CEREG=2", "AT+C5GREG=2"}

// keepTime is how long the facts of a questioning are kept for the next: where
// one is cut, the next goes on, and what it does not come to is as it was.
const keepTime = 5 * time.Minute

// read asks for all facts. When ctx ends midway, the facts until then are the
// answer, if there are any.
func (s *session) read(ctx context.Context) (api.ModemInfo, error) {
	if err := s.sync(ctx); err != nil {
		return api.ModemInfo{}, silence(ctx, err)
	}
	var info api.ModemInfo
	first := 0
	if time.Since(s.last.at) < keepTime {
		info, first = s.last.info, s.last.next
	}
	s.last = round{}
	steps := [...]func(context.Context, *api.ModemInfo) error{
		s.set, s.signal, s.registration, s.network, s.address, s.sim, s.identify,
	}
	for i := range steps {
		step, before := (first+i)%len(steps), info
		if err := steps[step](ctx, &info); err != nil {
			if ctx.Err() == nil || info == (api.ModemInfo{}) && info == before {
				return api.ModemInfo{}, silence(ctx, err)
			}
			if before != (api.ModemInfo{}) {
				info = before // half a step is none
			}
			if i == 0 { // it takes too long by itself
				step = (step + 1) % len(steps)
			}
			s.last.next = step
			break
		}
	}
	s.last.info, s.last.at = info, time.Now()
	info.Manufacturer, info.Model, info.Revision = s.known.manufacturer, s.known.model, s.known.revision
	info.IMEI = s.known.imei
	return info, nil
}

// silence replaces the error of a questioning that took too long.
func silence(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errSilent
	}
	return err
}

// set makes the settings that are not made yet.
func (s *session) set(ctx context.Context, _ *api.ModemInfo) error {
	for _, command := range settings {
		if s.done[command] {
			continue
		}
		a, err := s.ask(ctx, command)
		if err != nil {
			return err
		}
		s.done[command] = a.final == "OK"
	}
	return nil
}

func (s *session) signal(ctx context.Context, info *api.ModemInfo) error {
	a, err := s.ask(ctx, "AT+CSQ")
	if info.SignalDBm = decodeSignal(a); info.SignalDBm != nil || err != nil {
		return err
	}
	a, err = s.ask(ctx, "AT+CESQ")
	info.SignalDBm = decodeSignalExtended(a)
	return err
}

func (s *session) registration(ctx context.Context, info *api.ModemInfo) error {
	info.Registration, info.AreaCode, info.CellID, info.Technology = "", "", "", ""
	var best registration
	for _, name := range registrationNames {
		a, err := s.ask(ctx, "AT"+name+"?")
		if err != nil {
			return err
		}
		r := decodeRegistration(a, name)
		if set := "AT" + name + "=2"; r.known && r.mode != 2 && s.done[set] {
			clear(s.done) // the modem has started anew
		}
		if r.rank() > best.rank() || r.rank() == best.rank() && best.cell == "" && r.cell != "" {
			best = r
		}
	}
	if best.known {
		info.Registration = cellular.Registration(best.stat)
		if best.rank() == registered {
			info.AreaCode, info.CellID, info.Technology = best.area, best.cell, best.tech
		}
	}
	return nil
}

func (s *session) network(ctx context.Context, info *api.ModemInfo) error {
	a, err := s.ask(ctx, "AT+COPS?")
	n := decodeNetwork(a)
	if info.Operator = n.operator; n.technology != "" {
		info.Technology = n.technology
	}
	if err != nil || !n.chosen || n.operator != "" {
		return err
	}
	for _, command := range []string{"AT+COPS=3,2", "AT+COPS?", "AT+COPS=3,0"} { // by number
		a, err := s.ask(ctx, command)
		if err != nil {
			return err
		}
		if n := decodeNetwork(a); n.operator != "" {
			info.Operator = n.operator
		}
	}
	return nil
}

func (s *session) address(ctx context.Context, info *api.ModemInfo) error {
	for _, command := range []string{"AT+CGPADDR", "AT+CGPADDR=1"} {
		a, err := s.ask(ctx, command)
		if info.IPAddress = decodeAddress(a); err != nil || a.final == "OK" {
			return err
		}
	}
	return nil
}

// iccidCommands are the commands of different makers: of several, of Sierra
// and others, Huawei, Quectel, SIMCom, Telit and Sierra.
var iccidCommands = [...]string{"AT+CCID", "AT+ICCID", "AT^ICCID?", "AT+QCCID", "AT+CICCID", "AT#CCID", "AT!ICCID?"}

// sim asks for the facts of the SIM card, which somebody may have changed.
func (s *session) sim(ctx context.Context, info *api.ModemInfo) error {
	a, err := s.ask(ctx, "AT+CIMI")
	if info.IMSI = decodeDigits(a, "+CIMI", 6, 15); err != nil {
		return err
	}
	commands := iccidCommands[:]
	if s.iccid != "" {
		commands = []string{s.iccid}
	}
	for _, command := range commands {
		a, err := s.ask(ctx, command)
		if info.ICCID = decodeICCID(a); err != nil || info.ICCID != "" {
			s.iccid = command
			return err
		}
	}
	s.iccid = ""
	return nil
}

// identify asks for what is not known yet.
func (s *session) identify(ctx context.Context, _ *api.ModemInfo) error {
	for _, fact := range []struct {
		command string
		labels  []string
		to      *string
	}{
		{"AT+CGMI", []string{"+CGMI", "Manufacturer"}, &s.known.manufacturer},
		{"AT+CGMM", []string{"+CGMM", "Model"}, &s.known.model},
		{"AT+CGMR", []string{"+CGMR", "Revision"}, &s.known.revision},
	} {
		if *fact.to != "" {
			continue
		}
		text, err := s.text(ctx, fact.command, fact.labels)
		if err != nil {
			return err
		}
		*fact.to = text
	}
	if s.known.imei != "" {
		return nil
	}
	a, err := s.ask(ctx, "AT+CGSN")
	s.known.imei = decodeDigits(a, "+CGSN", 14, 16)
	return err
}

// text asks for a line of text. Where there are more lines than one, some of
// them may be news of the modem; the first that comes in two answers is it.
func (s *session) text(ctx context.Context, command string, labels []string) (string, error) {
	a, err := s.ask(ctx, command)
	if a.final != "OK" || err != nil {
		return "", err
	}
	first := a.texts(labels...)
	if len(first) > 1 {
		if a, err = s.ask(ctx, command); err != nil {
			return "", err
		}
		second := a.texts(labels...)
		first = slices.DeleteFunc(first, func(line string) bool { return !slices.Contains(second, line) })
	}
	if len(first) == 0 {
		return "", nil
	}
	return printable(first[0]), nil
}
