// Package order sorts as [slices.SortFunc] and [slices.SortStableFunc] do, with
// one body of code for all types of elements.
//
// The compiler makes those of package slices anew for each type, some 12 KB a
// time; the gateway has about forty. On a device with 16 MB of flash that is
// half a megabyte for lists of a few dozen elements. Where a list is long and
// sorted often, take package slices.
package order

import "sort"

// Sort sorts a list in the order of cmp, which answers below, equal to or above
// zero as a is before, beside or after b. What is beside each other may change
// places.
func Sort[E any](list []E, cmp func(a, b E) int) {
	sort.Slice(list, func(i, j int) bool { return cmp(list[i], list[j]) < 0 })
}

// Stable is [Sort] that leaves what is beside each other in its order.
func Stable[E any](list []E, cmp func(a, b E) int) {
	sort.SliceStable(list, func(i, j int) bool { return cmp(list[i], list[j]) < 0 })
}
