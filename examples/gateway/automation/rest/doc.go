// Package rest makes operations of an HTTP API out of functions on types: it
// reads and checks what is sent, writes what is answered, and describes both
// by OpenAPI 3.1.
//
// The input of an operation is a struct. Its fields tagged path:"name" and
// query:"name" are parameters: texts and unsigned numbers. A field Body is the
// body, as JSON; a pointer: there may be none. A field RawBody is the body as
// it is. The output is a struct with a field Body: what is answered as JSON,
// or bytes that are answered as they are. Further tags describe a field, and
// are checked where it is sent:
//
//	json:"name,omitempty"  its name; omitempty and omitzero: it may be missing
//	doc:"..."              what it is
//	required:"true"        a parameter in the query that must be there
//	minimum:"1"            of a number; those without a sign have 0
//	maximum:"3600"         of a number
//	maxLength:"64"         of a text, in characters
//	enum:"start,stop"      the texts that there are
//	nullable:"false"       of a list: it is there even if it is empty
//
// It does what this program needs. A library that does more was 20 KB larger
// with each operation, which is too much for a device with 16 MB of flash.
package rest
