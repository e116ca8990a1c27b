// Package apitest holds what programs around package api are tested with:
// providers that live in memory and can fail, and a client that knows how a
// key is sent. The providers also play a device without hardware.
package apitest
