package main

import (
	"regexp"
	"slices"
)

// subject is what a line is about: a field, a method, or another identifier.
var subject = regexp.MustCompile(`^\S+: (?:type [^{]* struct, \w+|method \(\*?\w+\) \w+|\w+ \w+)`)

// incompatible returns what is gone from a listing or stands there in another
// form, with that form. What is new is no fault.
func incompatible(before, now []string) []string {
	var changes []string
	for _, line := range before {
		if slices.Contains(now, line) {
			continue
		}
		text := "- " + line
		for _, other := range now {
			if subject.FindString(other) == subject.FindString(line) {
				text += "\n+ " + other
			}
		}
		changes = append(changes, text)
	}
	return changes
}
