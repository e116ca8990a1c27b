// Package api is the HTTP programming interface of the device.
package api
