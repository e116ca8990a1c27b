// Package api is the HTTP programming interface of a device: a few paths
// under /api/, each switched on by itself, answered from what the program
// brings.
//
//	/api/version      {"api_version":"2","api_patch":"1","sync_version":"lite1"}
//	/api/actions      {"total_actions":"1","actions":[{"endpoint":"/api/version","input":""}]}
//	/api/syncVersion  {"sync_version":"lite1"}
//	/api/syslog       the system log as text, oldest line first
//	/api/systemInfo   {"hostname":"","model":"","serial":"","firmware_version":"","kernel":"",
//	                   "uptime":"","time":"","load_1":"","load_5":"","load_15":"",
//	                   "memory_total":"","memory_available":"","disk_total":"","disk_available":""}
//
// Every scalar is a JSON string, and a missing fact an empty one. Uptime is
// in seconds, time in Unix milliseconds, sizes are in KiB.
//
// # Requests
//
// GET, HEAD and POST are answered alike, OPTIONS tells the methods. A POST
// may bring a form (multipart or url-encoded) of at most 64 KiB, which is
// read and ignored. Paths are exact: no other case, no trailing slash, no
// percent-encoding, and never a redirect.
//
// The checks come in this order, each with its status:
//
//	401  the apiKey header is missing, wrong or there twice (a key in the query does not count)
//	404  the path is unknown
//	403  the endpoint is switched off
//	405  the method is not allowed
//	415  the body is no form
//	413  the body is too large
//	400  the form cannot be read
//	500  the provider failed
//	503  the provider is not ready, or too slow
//
// Each of these answers is {"error":"one sentence"}. A text that breaks off
// half-way breaks its connection, so that no client takes it for whole.
//
// # Use
//
// [NewHandler] makes an [http.Handler] for a server that runs anyway;
// [Route] tells how to mount it. [New] makes a [Service] with a
// server of its own. Both report every fault of the Config at once, as a
// [ConfigError]. Errors of the lifecycle are [ErrStarted], [ErrStopped] and
// [ErrDisabled]; providers report [ErrNotReady].
//
// Each request is logged with its id (also sent as X-Request-Id), endpoint,
// status, duration, source and name of the key: Debug when it succeeded,
// Info when it was refused or failed. Of the requests without a valid key one
// line a second is logged, with the number of those left out.
//
// Providers of the system log are in package devicelog below this one, fakes
// in apitest, and the tests that a provider has to pass in apitest/suite.
package api
