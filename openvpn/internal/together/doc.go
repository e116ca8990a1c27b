// Package together holds tests only: the service of package openvpn on the
// real runner and store, with plain openvpn at the other end. They are apart
// from the root, since the libraries of the runner must not reach the go.sum
// of those who import the root alone.
package together
