package snmp

// EndOfMibView is what only the agent itself puts into an answer.
func EndOfMibView() Value { return Value{kind: KindEndOfMibView} }
