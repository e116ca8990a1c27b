package openvpn

import (
	"fmt"
	"path"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
)

const maxInstances = 1000

// Validate returns every fault as a [ConfigError], nil when there is none. It
// does not look for the files that instances name: that they are in the store
// shows when an instance starts.
func (c Config) Validate() error {
	var faults config.Errors
	if len(c.Instances) > maxInstances {
		faults.Addf("instances", "%d are too many, allowed are %d", len(c.Instances), maxInstances)
		return faults.Err()
	}
	var known catalogue
	if len(c.Instances) > 0 {
		known = newCatalogue()
	}
	seen := make(map[string]int)
	for n, i := range c.Instances {
		at := fmt.Sprintf("instances[%d]", n)
		i.check(&faults, at, known)
		if i.Name == "" {
			continue
		}
		key := strings.ToLower(i.Name) // some file systems, and people, do not tell them apart
		if first, twice := seen[key]; twice {
			faults.Addf(at+".name", "%q is taken by instances[%d], upper and lower case are the same", i.Name, first)
			continue
		}
		seen[key] = n
	}
	c.Folder.check(&faults)
	return faults.Err()
}

// Validate returns every fault of the instance alone as a [ConfigError].
func (i Instance) Validate() error {
	var faults config.Errors
	i.check(&faults, "", newCatalogue())
	return faults.Err()
}

func (f Folder) check(faults *config.Errors) {
	if f.Path != "" && (!path.IsAbs(f.Path) || strings.ContainsRune(f.Path, 0)) {
		faults.Addf("folder.path", "%q is no absolute path", f.Path)
	}
	for n, name := range f.Disabled {
		if !validName(name) {
			faults.Addf(fmt.Sprintf("folder.disabled[%d]", n), nameRule, name)
		}
	}
}
