// Package firmware is the real provider of upgrades for package api: it takes
// an image whose signature is that of a trusted key, and starts the device's
// own upgrade program with it.
//
// # What a vendor uploads
//
// One file: a tar archive of two members, first the signature, then the
// image. The signature is made by minisign 0.11 or later; its trusted comment
// says, in words separated by spaces, what the image is: board, version, and
// size in bytes. Further words of the form key:value are left alone.
//
//	minisign -S -s vendor.key -m image.bin \
//	    -t "board:wcc-lite version:1.9.0 size:$(stat -c %s image.bin)"
//	tar -cf image.tar image.bin.minisig image.bin
//	curl -H "apiKey: $KEY" -F file=@image.tar http://192.168.1.1/api/sysupgrade
//
// The same can be packed in Go with [Pack]. minisign before 0.11 needs -H:
// its legacy signatures can be checked only with the whole image in memory,
// and are refused.
//
// Why a tar archive with the signature first: minisign signs the trusted
// comment together with the signature, apart from the image. So who signed,
// for which board, which version and how large are known for certain before
// the first byte of the image is stored. A trailer behind the image (such as
// OpenWrt's fwtool appends) tells all of that when the storage is full
// already. And both tools are at hand wherever firmware is built.
//
// # What may go wrong
//
// Everything is checked while the image comes in, in bounded memory. Nothing
// but [Config].Folder is written before apply, so a power cut leaves the
// device as it was; what such a cut leaves in the folder is removed by the
// next [Upgrade.Receive] or [Upgrade.Clean].
//
// The command of the upgrade is a fixed list of arguments and never goes
// through a shell. It runs in a session of its own and outlives the program
// that started it, since an upgrade ends all programs. Under systemd the
// program's unit needs KillMode=process for that, or systemd-run in front of
// the command.
//
// The folder is the provider's own: it is made with mode 0700, and must not
// be writable by others, who could exchange the image after its check.
//
//	file              written by            removed
//	firmware-*.part   Receive               by the same Receive, or the next
//	firmware.img      Receive, when whole   by the next Receive, or after a failed apply
//	firmware.lock     Receive, apply        never; locked (flock) while one is under way
//	apply.log         the apply command     by the next apply
package firmware
