// Package datagram receives datagrams and answers them with as little work as
// possible: a thread waits in the system call for the next one.
//
// Go's poller would cost an agent half as much again. For each request that
// finds it idle there are two system calls more, one that finds nothing and one
// that waits, and the scheduler in between; and for every one the detour of
// package net.
package datagram
