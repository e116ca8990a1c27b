// Package snmp is an SNMP agent to build into a program: SNMPv1, v2c and v3
// over UDP, with views, two-phase SET, traps and informs.
//
//	agent, err := snmp.New(snmp.Config{
//		Enabled: true,
//		Listen:  []string{"0.0.0.0:161"},
//		System:  snmp.System{Location: "hall 3", Contact: "ops@example.net"},
//		Users: []snmp.User{{
//			Name: "monitor", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES,
//			AuthPassword: snmp.NewSecret("..."), PrivPassword: snmp.NewSecret("..."),
//		}},
//	}, snmp.Options{
//		Handlers: handlers, // of hostmib, of the program
//		Store:    enginefile.New("/var/lib/gateway/snmp-engine"),
//		Hostname: hostname,
//	})
//	if err != nil {
//		return err // every fault of the Config, with its place
//	}
//	if err := agent.Start(ctx); err != nil {
//		return err
//	}
//	defer agent.Stop(context.Background())
//
// What is served comes from Handlers, each for a subtree: snmp/hostmib has
// those of a Linux host, snmp/fieldgatemib those of a gateway, snmp/replay
// serves a recorded walk, and a [Builder] makes one from any table. The tools
// to test them are in snmp/snmptest.
//
// # What the agent serves about itself
//
//	.1.3.6.1.2.1.1         system, with sysORTable (SNMPv2-MIB, RFC 3418)
//	.1.3.6.1.2.1.11        snmp: the counters of messages (SNMPv2-MIB)
//	.1.3.6.1.6.3.1.1.6     snmpSetSerialNo (SNMPv2-MIB)
//	.1.3.6.1.6.3.10.2.1    snmpEngine (SNMP-FRAMEWORK-MIB, RFC 3411)
//	.1.3.6.1.6.3.11.2.1    snmpMPDStats (SNMP-MPD-MIB, RFC 3412)
//	.1.3.6.1.6.3.12.1      snmpUnknownContexts and its like (SNMP-TARGET-MIB, RFC 3413)
//	.1.3.6.1.6.3.15.1      usmStats, usmUser (SNMP-USER-BASED-SM-MIB, RFC 3414)
//	.1.3.6.1.6.3.16.1      vacmMIBObjects (SNMP-VIEW-BASED-ACM-MIB, RFC 3415)
//
// All of it is read-only but snmpSetSerialNo, and with Options.SaveSystem
// sysName, sysLocation and sysContact. sysUpTime is the age of the agent.
//
// # Who is let in
//
// Nobody, until a Config names communities or users. A community opens the
// agent for the loopback only unless it lists its sources; both read all and
// write nothing unless they name views. Names and digests are compared in
// constant time. Requests that are not let in get no answer, with SNMPv3 a
// report where RFC 3414 asks for one, and no more of these than Limits.Rate.
//
// Answers to requests without authentication are at most
// Limits.Amplification times as long as the request, so that a forged source
// address is of little use: a GETBULK gets fewer bindings, another request
// the error tooBig.
//
// # Engine ID and boots
//
// SNMPv3 needs an identity that outlives restarts. At its first start the
// agent makes a snmpEngineID as RFC 3411, section 5 says: enterprise number
// 8072 (whose subtree .9999 is free for private use), format 5 (octets) and
// 12 random octets, so that it never is that of another agent on the host.
// Each start counts snmpEngineBoots and stores both through Options.Store
// before the first answer. Where that fails the agent says so in log and
// Status and serves SNMPv1 and v2c only, until one of the tries that follow
// succeeds: with boots that were there before, recorded messages could be
// played again.
//
// # Notifications
//
// Every Destination has a queue of 64; what does not fit is dropped and
// counted. The agent itself sends coldStart (or warmStart, see Options) and,
// if wanted, authenticationFailure; Handlers that are Watchers and
// [Service.Notify] add the rest.
//
// # Log
//
// Start and end of listening, the engine and why SNMPv3 is off, a socket that
// breaks, a handler that breaks the rules of [Handler] (once each), each SET
// that was made or failed, and when a destination begins and ceases to fail.
// Never a request.
package snmp
