// Package managementfake plays openvpn as far as a program that manages it can
// see: the management socket, the output, and the exit status. There are no
// tunnels.
//
// [Daemon] serves a listener. [Main] is the same as a program with openvpn's
// arguments: a test binary becomes openvpn when its TestMain calls it,
//
//	func TestMain(m *testing.M) {
//		if managementfake.Called(os.Args) {
//			os.Exit(managementfake.Main(os.Args, os.Stdout))
//		}
//		os.Exit(m.Run())
//	}
//
// and openvpn/process starts it where Options.Program is os.Executable().
//
// What it does beyond the usual stands in lines of the configuration that are
// comments to openvpn, see [ParseScript].
package managementfake
