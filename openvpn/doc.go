// Package openvpn keeps OpenVPN tunnels up: servers, clients and tunnels
// between two ends, each run by an openvpn process of its own under
// supervision.
//
//	runner, err := process.New(process.Options{})
//	store, err := filestore.Open("/var/lib/gateway/openvpn")
//	...
//	office, err := openvpn.FromRecipe("client_tun", openvpn.Answers{
//		Name: "office", Remote: "vpn.example.org",
//	})
//	office.Enabled = true
//	err = store.Put("office", "ca.crt", ca) // and what else NeededFiles tells
//
//	cfg := openvpn.Config{Enabled: true, Instances: []openvpn.Instance{office}}
//	service, err := openvpn.New(cfg, openvpn.Options{Runner: runner, Store: store})
//	err = service.Start(ctx)
//
// Package process below this one runs the openvpn program (2.6 or later),
// filestore keeps keys and certificates, openvpntest stands in for both.
//
// # Ways to an instance
//
// [FromRecipe] makes one from a few answers, and [IssueFiles] or [MakeFiles]
// what it needs. [Import] reads an OVPN file, tells line by line what became
// of it, and gives inline keys apart; nothing of such a file reaches openvpn as
// it came. What kept somebody out of the tunnel and cannot be taken over stands
// in [Imported].Lost: whoever enables the instance settles it first. Files *.conf in [Config.Folder] become instances by themselves, as
// soon as nobody writes to them any more; they go through Import too, and do
// not run with anything lost.
// [Catalogue] describes all options that an instance can have beside its own
// fields. [Render] shows what openvpn is given.
//
// # What a state means
//
// States come from what openvpn tells, never from a process id or an exit
// status: connected is a tunnel that stands, with addresses and routes. An
// instance that has failed tells the [Cause] and, in Detail, what to do; it is
// tried again, first after a quarter of a second at most, then ever more
// slowly, and is never given up. Wrong passwords, faulty configurations and
// the like are tried again after 10 to 20 seconds at the earliest, and at once
// when Apply brings others.
//
// Enabled instances start with the service. [Service.StartInstance] and
// [Service.StopInstance] work on all, whether Enabled or not, and change no
// flag; what they were told holds until the service ends. One exception: an
// instance that Apply makes not Enabled ends, also when it was started by
// hand.
//
// A server with Users, Clients or ListedClientsOnly asks the service about
// each client: while no service runs, nobody new gets in. Other servers do
// without.
//
// # Safety
//
// Passwords reach openvpn over its management socket only, never in files or
// arguments. Scripts, modules and paths are not among the options. The one
// way around is [Folder.TrustWhole].
//
// # Errors, log
//
// [New], [Config.Validate] and [Service.Apply] report every fault of a Config
// at once, as a [ConfigError]; [Config.Warnings] and [CheckFiles] tell what
// works but is weak, or ends soon. Errors of the lifecycle are [ErrStarted],
// [ErrStopped] and [ErrDisabled]; of methods that name an instance
// [ErrUnknownInstance]; of runners [ErrNotInstalled] and [ErrBusy].
//
// Each change of a state is logged: Warn for a failure, once for each cause,
// Info for the rest. Clients that are refused are logged too. openvpn's own
// log is not: [Service.Log] has its last lines.
package openvpn
