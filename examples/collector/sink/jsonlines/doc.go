// Package jsonlines is the sink that prints each record as one line of JSON:
//
//	{"received":"2026-11-22T20:56:48.123456789Z","source":"192.0.2.7:40112","sealed":true,"message":{"v":1,"serial":"GK0001",...}}
//
// "sealed" is left out of a message that no MAC protects. A line is never
// torn by another: after a write that failed in the middle of one, the next
// write begins a new line. Records whose Write failed and that are written
// again may stand there twice.
package jsonlines
