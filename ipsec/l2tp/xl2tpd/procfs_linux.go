package xl2tpd

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// runFolder is where pppd notes which process has which interface.
const runFolder = "/var/run"

// process is a pppd of ours. The time of its start tells it from a later
// process with the same number.
type process struct {
	pid   int
	start string
}

// alive tells whether the process still runs.
func (p process) alive() bool {
	st, ok := readStat(p.pid)
	return ok && st.start == p.start && st.state != "Z" && st.state != "X"
}

// signal sends a signal, unless the process has ended.
func (p process) signal(s syscall.Signal) {
	if p.alive() {
		_ = syscall.Kill(p.pid, s) // it may end at this moment
	}
}

// name returns the interface of a pppd, "" as long as it has none.
func (p process) name() string {
	files, err := filepath.Glob(filepath.Join(runFolder, "ppp[0-9]*.pid"))
	if err != nil {
		return ""
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(p.pid) {
			return strings.TrimSuffix(filepath.Base(file), ".pid")
		}
	}
	return ""
}

// child is a pppd that xl2tpd started, with what it was told.
type child struct {
	process
	options string     // the options file
	peer    netip.Addr // who connected to our server
}

// children returns the living pppds of a process, in the order of their
// numbers.
func children(parent int) []child {
	var list []child
	for _, pid := range childPIDs(parent) {
		st, ok := readStat(pid)
		if !ok || st.parent != parent || st.state == "Z" || st.state == "X" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(string(text), "\x00")
		c := child{process: process{pid, st.start}, options: after(args, "file")}
		c.peer, _ = netip.ParseAddr(after(args, "ipparam")) // invalid: not told
		if c.options != "" {
			list = append(list, c)
		}
	}
	return list
}

// orphans returns all pppds with an options file in a folder, whoever their
// parent is by now.
func orphans(folder string) []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var list []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(string(text), "\x00")
		if filepath.Base(args[0]) != "pppd" || filepath.Dir(after(args, "file")) != folder {
			continue
		}
		if st, ok := readStat(pid); ok {
			list = append(list, process{pid, st.start})
		}
	}
	return list
}

// after returns the argument that follows word.
func after(args []string, word string) string {
	if i := slices.Index(args, word); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// childPIDs returns the numbers of the children of a process, or of more
// processes where the kernel does not list them (CONFIG_PROC_CHILDREN).
func childPIDs(parent int) []int {
	number := strconv.Itoa(parent)
	text, err := os.ReadFile(filepath.Join("/proc", number, "task", number, "children"))
	words := strings.Fields(string(text))
	if err != nil {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return nil
		}
		for _, e := range entries {
			words = append(words, e.Name())
		}
	}
	var list []int
	for _, word := range words {
		if pid, err := strconv.Atoi(word); err == nil {
			list = append(list, pid)
		}
	}
	slices.Sort(list)
	return list
}

// stat is what is used of /proc/PID/stat (man proc(5)).
type stat struct {
	state  string
	parent int
	start  string // in ticks since the boot
}

func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	return parseStat(string(text))
}

// parseStat reads what follows the name, which may hold anything.
func parseStat(text string) (stat, bool) {
	i := strings.LastIndexByte(text, ')')
	if i < 0 {
		return stat{}, false
	}
	fields := strings.Fields(text[i+1:])
	if len(fields) < 20 {
		return stat{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	return stat{state: fields[0], parent: parent, start: fields[19]}, err == nil
}
