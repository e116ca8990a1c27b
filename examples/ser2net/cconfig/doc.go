// Package cconfig reads the configuration of C ser2net and turns it into one
// of package ser2net.
//
//	file, err := cconfig.Parse(cconfig.Input{Name: path, Text: text}, cconfig.OS())
//	...
//	cfg, warnings, err := file.Config(cconfig.Settings{})
//
// Three formats are read, and told apart by what they hold: YAML version 1
// (top-level keys that repeat, anchors as names, *(alias) and *{file} within
// texts), YAML version 2 (standard YAML, several documents, =(alias) and
// ={file}), and the lines of ser2net 3.x.
//
// Nothing is dropped without a word: what cannot be done is a [Fault] with
// file, line and column, what is read but has no effect is a [Warning].
package cconfig
