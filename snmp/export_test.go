package snmp

import "net/netip"

// EndOfMibView is what only the agent itself puts into an answer.
func EndOfMibView() Value { return Value{kind: KindEndOfMibView} }

// Answerer returns what a socket of a running agent answers datagrams with.
func (s *Service) Answerer() func(datagram []byte, from netip.AddrPort) []byte {
	return s.newWorker(s.current.Load()).answer
}
