// Package pages is the web interface of a gateway: the Services menu and what
// belongs to it. Every page works without scripts; with them, what lives on a
// page is kept current by server-sent events.
//
// Uploads that somebody still has to look at (OVPN files, firmware) are kept in
// memory for a quarter of an hour; nothing of them is in the page but a token.
// Keys and passwords never go back to the browser, except a new key of the API,
// once, and the file for a client, which is what it is for.
//
// A page is a function that returns its content, in the file of its subject,
// and the methods that write the content as HTML, in the file of the same name
// with "html": ipsec.go and ipsechtml.go. The method live writes what is sent
// again whenever it changes. sheet.go has what pages have in common, layout.go
// what is around them; package markup sees to it that no value becomes a part
// of the page.
package pages
