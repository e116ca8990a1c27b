// What User-mode Linux 6.1 lacks to run on processors with more registers than
// it knows, such as those with AMX. It keeps 2696 bytes of the extended state of
// a process; the host takes only the whole of it back, and refuses less with
// EFAULT, upon which the machine panics ("ptrace set fp regs failed"). Loaded by
// LD_PRELOAD, this completes what is given back by what is there. The part that
// is not kept belongs to instructions that no process uses without asking.
//
//	gcc -shared -fPIC -O -o xstate.so xstate.c

#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The machine has one processor, and calls on a small stack.
static char whole[1 << 16];

long ptrace(enum __ptrace_request request, ...)
{
	va_list args;
	va_start(args, request);
	pid_t pid = va_arg(args, pid_t);
	void *addr = va_arg(args, void *);
	void *data = va_arg(args, void *);
	va_end(args);

	if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
		long word; // the C library returns it, the system call stores it
		long failed = syscall(SYS_ptrace, request, pid, addr, &word);
		return failed < 0 ? failed : word;
	}
	if (request == PTRACE_SETREGSET && addr == (void *)NT_X86_XSTATE) {
		struct iovec *part = data;
		struct iovec all = {whole, sizeof whole};
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, addr, &all) == 0 && all.iov_len > part->iov_len) {
			memcpy(whole, part->iov_base, part->iov_len);
			return syscall(SYS_ptrace, request, pid, addr, &all);
		}
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}
