// Package markup writes HTML that values cannot break out of.
//
// A page is written from two kinds of pieces. What the program itself says is
// given to [Writer.HTML], which takes constants only: the type of its
// parameter has no name outside, so a string that is not known when the
// program is built does not compile there. Everything else goes through
// [Writer.Text] and its kin, which look at where they stand, as html/template
// does: between tags and in quoted attributes they escape, in links they let
// nothing pass but paths of the same host, and anywhere else (in scripts, in
// attributes that run code, where a tag or a name would begin) they write
// nothing and the page fails.
//
//	var w markup.Writer
//	w.HTML(`<a href="`).Text(path).HTML(`">`).Text(name).HTML(`</a>`)
//
// It takes the place of html/template because that runs on reflection: with
// text/template in a program the linker keeps every exported method of every
// type, since a template might call it, and parsed templates stay in memory.
package markup
