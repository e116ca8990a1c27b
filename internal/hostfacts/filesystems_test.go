package hostfacts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

func TestFilesystemsChoice(t *testing.T) {
	for name, c := range map[string]struct {
		mountinfo string
		want      []string // device, mount and type; also all that may be measured
	}{
		"octal_escapes": {
			`30 1 8:1 / /mnt/usb\040stick\011\134x rw - vfat /dev/disk/by-label/MY\040STICK rw` + "\n",
			[]string{"/dev/disk/by-label/MY STICK|/mnt/usb stick\t\\x|vfat"},
		},
		"network_is_never_touched": {
			"30 1 0:30 / /n1 rw - nfs srv:/x rw\n" +
				"31 1 0:31 / /n2 rw - nfs4 srv:/x rw\n" +
				"32 1 0:32 / /n3 rw - cifs //srv/x rw\n" +
				"33 1 0:33 / /n4 rw - smb3 //srv/x rw\n" +
				"34 1 0:34 / /n5 rw - fuse.sshfs srv:/x rw\n" +
				"35 1 0:35 / /n6 rw - 9p share rw\n" +
				"36 1 0:36 / /n7 rw - virtiofs share rw\n" +
				"37 1 0:37 / /n8 rw - ceph srv:/ rw\n" +
				"38 1 0:38 / /n9 rw - autofs systemd-1 rw\n",
			nil,
		},
		"tmpfs_only_on_tmp": {
			"30 1 0:30 / /run rw - tmpfs tmpfs rw\n31 1 0:31 / /dev/shm rw - tmpfs tmpfs rw\n32 1 0:32 / /tmp rw - tmpfs tmpfs rw\n",
			[]string{"tmpfs|/tmp|tmpfs"},
		},
		"without_block_device": {
			"30 1 0:30 / / rw - ubifs ubi0:rootfs rw\n31 1 0:31 /@ /data rw - btrfs /dev/sda1 rw\n32 1 0:32 / /pool rw - zfs pool rw\n",
			[]string{"ubi0:rootfs|/|ubifs", "/dev/sda1|/data|btrfs", "pool|/pool|zfs"},
		},
		"one_per_device_own_root_first": {
			"30 1 8:1 /log /srv rw - ext4 /dev/sda1 rw\n31 1 8:1 / /mnt/card rw - ext4 /dev/sda1 rw\n32 1 8:1 /x /m rw - ext4 /dev/sda1 rw\n",
			[]string{"/dev/sda1|/mnt/card|ext4"},
		},
		"one_per_device_shortest_next": {
			"30 1 0:30 /@home /home rw - btrfs /dev/sda2 rw\n31 1 0:30 /@ / rw - btrfs /dev/sda2 rw\n",
			[]string{"/dev/sda2|/|btrfs"},
		},
		"covered_mount": {
			"30 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n31 30 8:2 / /mnt rw - ext4 /dev/sda2 rw\n",
			[]string{"/dev/sda2|/mnt|ext4"},
		},
		"covered_by_network": {
			"30 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n31 30 0:40 / /mnt rw - nfs srv:/x rw\n",
			nil,
		},
		"no_mounts": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var measured, listed []string
			h := hostfacts.New(hostfacts.Options{
				Root: tree(t, map[string]string{"proc/self/mountinfo": c.mountinfo}),
				Statfs: func(path string) (hostfacts.Space, error) {
					measured = append(measured, path)
					return hostfacts.Space{TotalKiB: 1}, nil
				},
			})
			list, err := h.Filesystems()
			require.NoError(t, err)
			for _, f := range list {
				listed = append(listed, f.Device+"|"+f.Mount+"|"+f.Type)
			}
			assert.Equal(t, c.want, listed)
			assert.Len(t, measured, len(c.want))
		})
	}
}

func TestFilesystemsAllUnmeasurable(t *testing.T) {
	h := hostfacts.New(hostfacts.Options{
		Root:   "testdata/root",
		Statfs: func(string) (hostfacts.Space, error) { return hostfacts.Space{}, errTest },
	})
	list, err := h.Filesystems()
	require.NoError(t, err)
	assert.Empty(t, list)
}
