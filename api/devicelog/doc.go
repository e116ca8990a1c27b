// Package devicelog holds the real providers of the system log for package
// api: a [File], the systemd journal ([Journal]), the log of OpenWrt or
// busybox ([Logread]), and the program's own log ([Ring]).
//
// Journal and Logread run the program of that name, found in a fixed list of
// folders, with a fixed environment and without a shell.
package devicelog
