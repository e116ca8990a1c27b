package hub

import "time"

// State is whether a device answers.
type State string

// The states.
const (
	StateWaiting   State = "waiting"   // for the first answer
	StateAnswering State = "answering" // in the last round
	StateSilent    State = "silent"    // in the last round
)

// DeviceStatus is the state of one device that is read.
type DeviceStatus struct {
	Alias      string
	State      State
	Problem    string        // why it is silent
	LastScan   time.Duration // how long the last round took, of the signals of one scan rate
	Answers    int64         // good ones
	BadAnswers int64         // exceptions, and what is no answer to the request
	LastBad    string        // what the last bad answer was
	Silences   int64         // rounds that ended without an answer
}

// Status returns the state of the devices that are read, in the order of the
// configuration.
func (s *Service) Status() []DeviceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status []DeviceStatus
	for _, d := range s.devices {
		if p := s.pollers[d]; p != nil {
			status = append(status, p.state())
		}
	}
	return status
}
