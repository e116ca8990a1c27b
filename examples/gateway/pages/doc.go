// Package pages is the web interface of a gateway: the Services menu and what
// belongs to it. Every page works without scripts; with them, what lives on a
// page is kept current by server-sent events.
//
// A page is a template in templates/, a function that returns its data, and an
// entry in the table of its section. What a template defines as "live" is sent
// again whenever it changes.
package pages
