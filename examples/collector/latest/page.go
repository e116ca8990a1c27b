package latest

import (
	"container/heap"
	"slices"
	"strings"
)

// Page returns the first limit devices behind the serial number after, in the
// order of their serial numbers, of those that keep accepts (nil: all), and
// whether there are more. It looks at every device.
func (t *Table) Page(after string, limit int, keep func(*Summary) bool) (page []Summary, more bool) {
	var first largest // a heap, the largest on top
	for i := range t.shards {
		t.shards[i].each(func(d *device) bool {
			if d.serial <= after && after != "" || len(first) > limit && d.serial >= first[0].Serial {
				return true
			}
			s := d.summary()
			if keep != nil && !keep(&s) {
				return true
			}
			heap.Push(&first, s)
			if len(first) > limit+1 {
				heap.Pop(&first)
			}
			return true
		})
	}
	slices.SortFunc(first, func(a, b Summary) int { return strings.Compare(a.Serial, b.Serial) })
	if len(first) > limit {
		return first[:limit], true
	}
	return first, false
}

type largest []Summary

func (l largest) Len() int           { return len(l) }
func (l largest) Less(i, j int) bool { return l[i].Serial > l[j].Serial }
func (l largest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *largest) Push(x any)        { *l = append(*l, x.(Summary)) }
func (l *largest) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
