package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/internal/order"
)

type entry struct {
	key   int
	place int
}

func byKey(a, b entry) int { return cmp.Compare(a.key, b.key) }

// entries are n of them, whose keys come several times.
func entries(n int) []entry {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	list := make([]entry, n)
	for i := range list {
		list[i] = entry{r.IntN(n/3 + 1), i}
	}
	return list
}

func TestSort(t *testing.T) {
	for n := range 200 {
		list := entries(n)
		order.Sort(list, byKey)
		assert.True(t, slices.IsSortedFunc(list, byKey))
		assert.ElementsMatch(t, entries(n), list)
	}
}

func TestStable(t *testing.T) {
	for n := range 200 {
		list, want := entries(n), entries(n)
		order.Stable(list, byKey)
		slices.SortStableFunc(want, byKey)
		assert.Equal(t, want, list)
	}
}
