// Package confstore keeps the configuration of a gateway on disk: the newest
// revision as a file that people may edit, the secrets in a file of their
// own, and the revisions before.
//
//	gateway.yaml           the newest revision; its first line tells which
//	secrets.yaml           the secrets that it, and kept revisions, refer to
//	history/0000000012.yaml  older revisions, as they were
//	pending.json           an apply that waits for its confirmation
//
// Every file is replaced in one step. A save first adds its secrets, then
// replaces gateway.yaml, which is the moment it counts, and then tidies up: a
// power cut leaves either the revision before or the new one, with all their
// secrets.
package confstore
