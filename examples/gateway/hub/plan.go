package hub

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/internal/order"
)

// point is a signal within the answer to a request.
type point struct {
	signal int // index in the device
	part   hubconfig.Job
	kind   hubconfig.Kind
	order  hubconfig.Order
	bit    int
	scale  scale
}

// block is one request.
type block struct {
	job    hubconfig.Job
	points []point
	joined bool // of several jobs
}

// group is what is read together.
type group struct {
	every  time.Duration
	blocks []block
	jobs   []block // the same with the jobs as they were written
	due    time.Time
}

// plan returns what is to be read of a device, the fastest first. Copies are
// not read.
func plan(d hubconfig.Device, signals []hubconfig.Signal) []*group {
	rates := make(map[time.Duration]map[hubconfig.Job][]point)
	for i, s := range signals {
		if s.IsCopy() {
			continue
		}
		rate := s.ScanRate(d)
		if rates[rate] == nil {
			rates[rate] = make(map[hubconfig.Job][]point)
		}
		kind, order := s.Type.Split()
		rates[rate][s.Job] = append(rates[rate][s.Job], point{i, s.Part(), kind, order, s.Bit, scale{s.Scale(), s.Add}})
	}
	var groups []*group
	for rate, jobs := range rates {
		g := &group{every: rate}
		for job, points := range jobs {
			g.jobs = append(g.jobs, block{job, points, false})
		}
		order.Sort(g.jobs, func(a, b block) int {
			return cmp.Or(cmp.Compare(a.job.Function, b.job.Function), cmp.Compare(a.job.Start, b.job.Start), cmp.Compare(a.job.Count, b.job.Count))
		})
		lieTogether(g.jobs)
		g.blocks = join(g.jobs)
		groups = append(groups, g)
	}
	order.Sort(groups, func(a, b *group) int { return cmp.Compare(a.every, b.every) })
	return groups
}

// lieTogether moves the points of all blocks into one list, in the order of the
// blocks, so that those of joined blocks need no list of their own.
func lieTogether(blocks []block) {
	n := 0
	for _, b := range blocks {
		n += len(b.points)
	}
	all := make([]point, 0, n)
	for i := range blocks {
		from := len(all)
		all = append(all, blocks[i].points...)
		blocks[i].points = all[from:]
	}
}

// join makes one block of those that follow each other without a gap, as far
// as a request goes. The blocks are in order, and their points lie together.
func join(blocks []block) []block {
	var joined []block
	for _, next := range blocks {
		if len(joined) > 0 {
			last := &joined[len(joined)-1]
			end := max(last.job.Start+last.job.Count, next.job.Start+next.job.Count)
			if last.job.Function == next.job.Function && next.job.Start <= last.job.Start+last.job.Count &&
				end-last.job.Start <= last.job.MaxCount() {
				last.job.Count = end - last.job.Start
				last.points = last.points[:len(last.points)+len(next.points)]
				last.joined = true
				continue
			}
		}
		joined = append(joined, next)
	}
	return joined
}

// split puts the jobs of a block in its place, as they were written.
func (g *group) split(i int) {
	var parts []block
	for _, b := range g.jobs {
		if b.job.Within(g.blocks[i].job) {
			parts = append(parts, b)
		}
	}
	g.blocks = slices.Replace(g.blocks, i, i+1, parts...)
}
