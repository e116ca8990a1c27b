// Package automation is the gateway for programs: what people do on its pages
// as a JSON API below /services/, with the same rules and the same messages,
// described by OpenAPI 3.1 at /services/openapi.json, and the configuration by
// its JSON schema at /services/schema.json; the numbers of the gateway for
// Prometheus at /metrics; and /healthz.
//
// Who asks is told by [account.From]: package account goes around it. A
// program sends the token of a user:
//
//	curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:8080/services/status
//
// What is refused is answered by problem details (RFC 9457), with the path of
// each fault. Secrets are never told: they read "[redacted]", and a
// configuration that is sent with "[redacted]" keeps the secret there was.
package automation
