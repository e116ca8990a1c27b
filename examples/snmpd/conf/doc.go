// Package conf reads snmpd.conf, the configuration of net-snmp's agent, and
// turns it into one of package snmp.
//
//	file := conf.Parse(inputs, conf.OS())
//	for _, note := range file.Notes {
//		log.Warn(note.String())
//	}
//	cfg := file.Config
//
// As snmpd does, it goes on after a line that it cannot use, and says so with
// file and line: "/etc/snmp/snmpd.conf: line 7: Warning: Unknown token: x.".
// What snmpd knows and this agent does not have is a warning too. Nothing is
// dropped without a word.
package conf
