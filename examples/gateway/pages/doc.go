// Package pages is the web interface of a gateway: the Services menu and what
// belongs to it. Every page works without scripts; with them, what lives on a
// page is kept current by server-sent events.
//
// Uploads that somebody still has to look at (OVPN files, firmware) are kept in
// memory for a quarter of an hour; nothing of them is in the page but a token.
// Keys and passwords never go back to the browser, except a new key of the API,
// once, and the file for a client, which is what it is for.
//
// A page is a template in templates/, a function that returns its data, and an
// entry in the table of its section. What a template defines as "live" is sent
// again whenever it changes.
package pages
