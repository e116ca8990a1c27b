// Package ipsec keeps IPsec tunnels and channels: named connections with the
// proposals and certificates that they share, held in an IKE daemon whatever
// happens to it.
//
//	cfg := ipsec.DefaultConfig()
//	cfg.Enabled = true
//	cfg.Phase1Proposals = []ipsec.Phase1Proposal{
//		{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
//	}
//	cfg.Phase2Proposals = []ipsec.Phase2Proposal{
//		{Name: "esp", Encryption: ipsec.EncryptionAES256GCM},
//	}
//	cfg.Connections = []ipsec.Connection{{
//		Name: "office", Enabled: true, Gateway: "vpn.example.org",
//		LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{"10.10.10.0/24"},
//		PreSharedKey: ipsec.NewSecret(key), LocalID: "site-7",
//		Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"},
//	}}
//	charon, err := strongswan.New(strongswan.Options{})
//	...
//	service, err := ipsec.New(cfg, ipsec.Options{Backend: charon})
//	...
//	err = service.Start(ctx)
//	err = service.Ready(ctx) // or go on: it waits for the daemon by itself
//	err = service.Initiate(ctx, "office")
//
// The daemon is reached by a [Backend]: package strongswan below this one for
// charon, ipsectest for tests. Package l2tp puts L2TP on top of a connection.
//
// # What a connection does
//
// An enabled connection is loaded into the daemon, with its secrets, and is
// then armed: the first packet for the other side brings it up
// (StartAction trap), the service does, and keeps it up (start), or nobody but
// the peer or an operator (none). [Service.Initiate] and [Service.Terminate]
// are the buttons. What was stopped by hand is not in the daemon any more:
// neither traffic nor the peer brings it up, and neither [Service.Apply] nor a
// restart of the daemon, until it is started by hand, or a new Service starts.
//
// A connection that is to be up and is not is tried again, with pauses from
// two seconds to a minute: one with StartAction start, one with DPDAction
// restart that was up, and one that Initiate was called for, until it comes up
// once. Other connections that go down stay down until there is demand; what
// else the daemon does then, DPDAction and CloseAction say.
//
// A peer that the daemon has given up for dead is found with IKEv2 by the
// daemon's retransmissions: 165 s with charon's defaults. DPDTimeout is for
// IKEv1 only. What happens then, DPDAction says; clear is meant strictly: the
// connection is [StateClosed], and no demand brings it up. It is armed again
// when it is started by hand, when its settings change, and when the peer has
// brought it up and closes it in good order.
//
// # What happens to the daemon
//
// A daemon that is not there is waited for. One that goes away is seen at
// once: all connections are [StateUnknown] until it can be asked again, since
// its kernel may still carry their packets. When it is back everything is
// applied again within a second, secrets included; that the daemon knows no
// more of what was up is then told truthfully, and what was up is brought up
// again, before what was not. An IKE daemon may hold connections of others:
// those are never touched. What others take of ours out of the daemon, as
// swanctl --load-all does with everything that is not in its files, is loaded
// again within seconds; what was up stays up.
//
// When the service stops it ends its connections and takes them out of the
// daemon, unless [Options.KeepOnStop] says otherwise, or [Service.Release] ended
// it.
//
// # Changes
//
// [Service.Apply] makes another Config the one in force. It compares each
// connection with all that it refers to, in normal form; only those that
// differ are touched, and the SAs of all others live on. A connection that is
// refused, by the daemon or since its certificates are no good, is named in
// the Outcome and holds up no other.
//
// # Errors, log
//
// [New], [Config.Validate] and [Service.Apply] report every fault of a Config
// at once, as a [ConfigError]; [Config.Warnings] tells what is weak or
// surprising. Errors of the lifecycle are [ErrStarted], [ErrStopped] and
// [ErrDisabled]; of methods that name a connection [ErrUnknownConnection],
// [ErrRespondsOnly], [ErrNotRunning] and [ErrUnavailable]; why a connection
// does not come up a *[Failure] tells by its [Cause]. Backends report
// [ErrUnavailable], [ErrNotPermitted] and [ErrOwned].
//
// Changes of connections and of the daemon are logged, a failure once for
// each change of its cause, and certificates that end soon once a day. Keys
// never get into the log, an error or a status.
package ipsec
