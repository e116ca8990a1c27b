package snmp

import (
	"encoding/hex"
	"time"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// Status is what the agent is and has done. The counters begin with the
// Service.
type Status struct {
	Listening []string `json:"listening,omitempty"` // addresses; none while it does not run
	Uptime    Duration `json:"uptime"`              // of the agent, 0 while it does not run

	// EngineID is the snmpEngineID in hexadecimal, Boots snmpEngineBoots; both
	// are empty while the agent does not run or they are not known.
	EngineID string `json:"engine_id,omitempty"`
	Boots    uint32 `json:"boots,omitempty"`
	// V3Error tells why SNMPv3 is off: its engine could not be loaded or
	// stored, which is tried again. Empty: it is on.
	V3Error string `json:"v3_error,omitempty"`

	// System is that of the Config with what managers have set.
	System System `json:"system"`

	Counters     Counters            `json:"counters"`
	Users        []UserStatus        `json:"users,omitempty"`
	Destinations []DestinationStatus `json:"destinations,omitempty"`
}

// Counters count messages by what became of them.
type Counters struct {
	Received uint64 `json:"received"` // messages
	Sent     uint64 `json:"sent"`     // messages, with notifications

	Gets     uint64 `json:"gets"`
	GetNexts uint64 `json:"get_nexts"`
	GetBulks uint64 `json:"get_bulks"`
	Sets     uint64 `json:"sets"`

	Responses uint64 `json:"responses"`
	TooBig    uint64 `json:"too_big"` // responses with that error
	GenErr    uint64 `json:"gen_err"` // responses with that error

	// Messages without an answer, or with a report only.
	Malformed         uint64 `json:"malformed"`
	BadVersions       uint64 `json:"bad_versions"`
	BadCommunities    uint64 `json:"bad_communities"`
	UnknownEngines    uint64 `json:"unknown_engines"` // the usual first message of a manager too
	UnknownUsers      uint64 `json:"unknown_users"`
	WrongDigests      uint64 `json:"wrong_digests"`
	NotInTimeWindows  uint64 `json:"not_in_time_windows"`
	UnsupportedLevels uint64 `json:"unsupported_levels"`
	DecryptionErrors  uint64 `json:"decryption_errors"`
	UnknownContexts   uint64 `json:"unknown_contexts"`
	// UnknownPDUHandlers are notifications, and requests for another engine.
	UnknownPDUHandlers uint64 `json:"unknown_pdu_handlers"`
	RateDrops          uint64 `json:"rate_drops"`   // reports not sent because of Limits.Rate
	SilentDrops        uint64 `json:"silent_drops"` // answers that fit into no message

	SendErrors    uint64 `json:"send_errors"`    // answers that the system did not take
	HandlerFaults uint64 `json:"handler_faults"` // rules of Handler broken
}

// UserStatus is a user of SNMPv3.
type UserStatus struct {
	Name string       `json:"name"`
	Auth AuthProtocol `json:"auth,omitempty"`
	Priv PrivProtocol `json:"priv,omitempty"`
}

// DestinationStatus is what became of the notifications for a destination.
type DestinationStatus struct {
	Name    string `json:"name"`
	Waiting int    `json:"waiting"` // in the queue
	Sent    uint64 `json:"sent"`    // informs: and acknowledged
	Failed  uint64 `json:"failed"`
	Dropped uint64 `json:"dropped"` // the queue was full
	// LastError is why the last one failed; empty when it did not.
	LastError string `json:"last_error,omitempty"`
}

// Status returns what the agent is and has done so far. It never waits for a
// request.
func (s *Service) Status() Status {
	status := Status{System: s.system.get(), Counters: s.count()}
	if r := s.current.Load(); r != nil {
		status.Uptime = Duration(time.Since(r.started))
		for _, socket := range r.sockets {
			status.Listening = append(status.Listening, socket.conn.LocalAddr().String())
		}
		v3 := r.v3.Load()
		status.EngineID = hex.EncodeToString(v3.identity.ID)
		status.Boots = v3.identity.Boots
		if v3.fault != nil {
			status.V3Error = v3.fault.Error()
		}
		c := &status.Counters
		if e := v3.engine; e != nil {
			c.UnknownEngines = uint64(e.Count(usm.UnknownEngineIDs))
			c.UnknownUsers = uint64(e.Count(usm.UnknownUserNames))
			c.WrongDigests = uint64(e.Count(usm.WrongDigests))
			c.NotInTimeWindows = uint64(e.Count(usm.NotInTimeWindows))
			c.UnsupportedLevels = uint64(e.Count(usm.UnsupportedSecLevels))
			c.DecryptionErrors = uint64(e.Count(usm.DecryptionErrors))
		}
	}
	for _, u := range s.cfg.Users {
		status.Users = append(status.Users, UserStatus{u.Name, u.Auth, u.Priv})
	}
	for _, d := range s.destinations {
		d.update(func(st *DestinationStatus) {
			status.Destinations = append(status.Destinations, *st)
		})
		status.Destinations[len(status.Destinations)-1].Waiting = len(d.queue)
	}
	return status
}

func (s *Service) count() Counters {
	get := s.counters.get
	return Counters{
		Received: get(inPkts), Sent: get(outPkts),
		Gets: get(inGetRequests), GetNexts: get(inGetNexts), GetBulks: get(inGetBulks), Sets: get(inSetRequests),
		Responses: get(outGetResponses), TooBig: get(outTooBigs), GenErr: get(outGenErrs),
		Malformed: get(inASNParseErrs), BadVersions: get(inBadVersions), BadCommunities: get(inBadCommunityNames),
		UnknownContexts: get(unknownContexts), UnknownPDUHandlers: get(unknownPDUHandlers), RateDrops: get(rateDrops), SilentDrops: get(silentDrops),
		SendErrors: get(sendErrors), HandlerFaults: get(handlerFaults),
	}
}
