// Package benchkit is what the programs that measure fieldgate have in common:
// they build and start what they measure, ask the kernel what it took, and
// write one table between two marks of a document.
package benchkit
