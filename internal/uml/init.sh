#!/bin/bash
# Process 1 of the machine. It makes a system that a test can run in out of the
# host's files, runs the test, and prints how it ended. MODULES, separated by
# commas, and JOB, the script with the test, come from the kernel's command line.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
finish() { echo "UML-RESULT $1"; exec busybox poweroff -f; } # process 1 must not just end

mount -t proc proc /proc || finish 201
mount -t sysfs sys /sys || finish 201
mount -t tmpfs tmpfs /run || finish 201 # handles of namespaces, and what daemons keep
mount -t tmpfs tmpfs /mnt || finish 201 # everything else is read-only
mkdir -p /dev/pts /dev/shm /dev/net && mount -t devpts devpts /dev/pts # for pppd
ln -sf /proc/self/fd /dev/fd
mkdir -p /mnt/tmp /mnt/modules/lib
export TMPDIR=/mnt/tmp HOME=/mnt/tmp
hostname uml

# The modules are where modprobe does not look. The kernel's own loader, which
# gets ciphers when they are first used, is told as well.
ln -s /usr/lib/uml/modules /mnt/modules/lib/modules
printf '#!/bin/sh\nexec /usr/sbin/modprobe -d /mnt/modules "$@"\n' >/mnt/modprobe
chmod +x /mnt/modprobe
echo /mnt/modprobe >/proc/sys/kernel/modprobe
if [ -n "$MODULES" ]; then /mnt/modprobe -a ${MODULES//,/ } || finish 202; fi
ip link set lo up

echo UML-BEGIN
bash "$JOB" </dev/null
finish $?
