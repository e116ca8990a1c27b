package snmptest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/snmp"
)

// Store is an EngineStore in memory. The zero value is that of a device that
// never ran.
type Store struct {
	mu     sync.Mutex
	engine snmp.Engine
	saves  int
	faults faults
}

var _ snmp.EngineStore = (*Store)(nil)

// Fail lets [OpLoad] or [OpSave] fail with err from now on; nil ends that. A Save
// that fails stores nothing.
func (s *Store) Fail(step Op, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.set(step, err, OpLoad, OpSave)
}

// Load returns what was saved last, see [snmp.EngineStore].
func (s *Store) Load() (snmp.Engine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.faults[OpLoad]; err != nil {
		return snmp.Engine{}, err
	}
	if s.saves == 0 {
		return snmp.Engine{}, fmt.Errorf("snmptest: nothing was saved: %w", fs.ErrNotExist)
	}
	return clone(s.engine), nil
}

// Save keeps e, see [snmp.EngineStore].
func (s *Store) Save(e snmp.Engine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.faults[OpSave]; err != nil {
		return err
	}
	s.engine = clone(e)
	s.saves++
	return nil
}

// Saves counts the times that Save succeeded.
func (s *Store) Saves() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

// String describes what is kept, such as `engine 8000..., boots 3, saved 3
// times`, and the faults.
func (s *Store) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "engine %x, boots %d, saved %d times", s.engine.ID, s.engine.Boots, s.saves)
	for _, step := range []Op{OpLoad, OpSave} {
		if err := s.faults[step]; err != nil {
			fmt.Fprintf(&text, ", %s fails: %v", step, err)
		}
	}
	return text.String()
}

func clone(e snmp.Engine) snmp.Engine {
	e.ID = slices.Clone(e.ID)
	return e
}
