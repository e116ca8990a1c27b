package openvpn

import (
	"fmt"
	"slices"

	"github.com/fieldgate/fieldgate/internal/config"
)

// dropMisfits drops the options that do not go with the rest.
func (im *importer) dropMisfits() {
	for {
		faults := im.catalogue.together(im.inst)
		if len(faults) == 0 {
			return
		}
		var options []Option
		var at []int
		for n, o := range im.inst.Options {
			if len(faults) > 0 && faults[0].Index == n {
				line := &im.report.Lines[im.optionAt[n]]
				line.Verdict, line.Reason = VerdictDropped, faults[0].Text
				faults = faults[1:]
				continue
			}
			options, at = append(options, o), append(at, im.optionAt[n])
		}
		im.inst.Options, im.optionAt = options, at
	}
}

// overrule notes that a line sets what an earlier one said: the last counts.
// at is where its report begins.
func (im *importer) overrule(name string, at int) {
	if len(im.report.Lines) != at+1 || !im.report.Lines[at].taken() || im.report.Lines[at].Option != name {
		return
	}
	switch name {
	case "remote", "connection", "peer-fingerprint":
		return // stand more than once
	}
	earlier, twice := im.fieldAt[name]
	im.fieldAt[name] = at
	if l := &im.report.Lines[earlier]; twice && l.taken() {
		l.Verdict, l.Reason = VerdictDropped, fmt.Sprintf("line %d says it again", im.report.Lines[at].Number)
	}
}

// taken reports whether a line stands in the instance.
func (l ReportLine) taken() bool { return l.Verdict == VerdictKept || l.Verdict == VerdictChanged }

// findLost finds the lines that kept somebody out and are gone.
func (im *importer) findLost() {
	taken := make(map[string]bool)
	for _, l := range im.report.Lines {
		taken[l.Option] = taken[l.Option] || l.taken()
	}
	for _, l := range im.report.Lines {
		if l.Number == 0 || l.taken() || taken[l.Option] || !im.inst.guarded(l.Option) {
			continue
		}
		if l.Option == "verify-hash" && len(im.inst.PeerFingerprints) > 0 {
			continue // proves more
		}
		im.lost = append(im.lost, l)
	}
	for _, l := range im.lost {
		im.report.add(0, l.Option, VerdictWarned, "line %d is lost, and without it the tunnel is less safe than the file means", l.Number)
	}
}

// judge adds what is wrong or weak about the result.
func (im *importer) judge() {
	var faults config.Errors
	im.inst.check(&faults, "", im.catalogue)
	for _, f := range faults {
		im.report.add(0, f.Path, VerdictWarned, "%s", f.Problem)
	}
	for _, w := range im.inst.Warnings() {
		im.report.add(0, w.Path, VerdictWarned, "%s", w.Text)
	}
}

// tooManyRemotes drops those that openvpn has no room for.
func (im *importer) tooManyRemotes() {
	if n := len(im.inst.Remotes); n > maxRemotes {
		im.inst.Remotes = slices.Clip(im.inst.Remotes[:maxRemotes])
		im.report.add(0, "remote", VerdictChanged, "only the first %d of %d are called, as openvpn does", maxRemotes, n)
	}
}
