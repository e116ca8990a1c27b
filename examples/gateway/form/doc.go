// Package form makes the fields of a web form from a typed configuration, and
// takes back what was typed. It knows no service: what a field is follows from
// its Go type, how it is called and explained from a [Guide].
//
//	fields := form.New(&connection, guide).Fields()
//	...
//	f := form.New(&connection, guide)
//	f.Decode(request.PostForm) // typed values into connection
//	f.Fault("gateway", "required")
//	fields = f.Fields()        // what was typed, with the faults beside it
package form
