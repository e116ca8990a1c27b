// Package packaging holds what turns the gateway into packages of Debian and
// OpenWrt. scripts/release makes them:
//
//	nfpm.yaml     which file goes where
//	gateway.yaml  the configuration of a first start, with every service off
//	debian/       systemd unit, drop-ins, maintainer scripts, manual page
//	openwrt/      procd init script, maintainer scripts
//	sbom/         a program that lists what a binary is made of
//
// The package has no code but its tests: they install, upgrade and remove the
// packages.
package packaging
