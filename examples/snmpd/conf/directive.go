package conf

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// unsupported are the directives that snmpd has and this agent has not, in
// lower case, and what the manual lists besides.
const unsupported = `v1trapaddress agentuser agentgroup quit leave_pidfile dontlogtcpwrappersconnects
 maxgetbulkrepeats maxgetbulkresponses avgbulkvarbindsize pdustatsmax pdustatsthreshold injecthandler table
 add_row agentxsocket agentxretries agentxtimeout master agentxperms agentxpinginterval com2secunix perl
 perlinitfile disableperl certsecname snmptlstmparams snmptlstmaddr smuxpeer smuxsocket agentsecname
 iquerysecname iqueryversion iqueryseclevel setaccess authcommunity authuser authgroup authaccess
 sendmail_config sendmail_stats sendmail_queue sendmail_index sendmail_stats_t sendmail_queue_t
 diskio_exclude_fd diskio_exclude_loop diskio_exclude_ram diskio dlmod skipnfsinhostresources
 realstorageunits storageusenfs count_kthreads ignoredisk setserialno procfix pass pass_persist file proxy
 logmatch swap dontretainlogs donotretainnotificationlogs monitor defaultmonitors notificationevent setevent
 strictdisman repeat cron at override interface ifmib_max_num_ifaces include_ifmib_iface_prefix defdomain
 deftarget sourcefiltertype sourcefilteraddress engineidnic interface_fadeout interface_replace_old
 notificationfilter exec sh execfix extendfix extend-sh authpersistent persistentuser`

// directive reads what a token says.
func (p *parser) directive(name, token, rest string) {
	switch name {
	case "agentaddress":
		p.agentAddress(rest)
	case "rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6":
		p.community(name, rest)
	case "com2sec", "com2sec6":
		p.com2sec(name, rest)
	case "group":
		p.group(rest)
	case "view":
		p.view(rest)
	case "access":
		p.accessRow(rest)
	case "createuser":
		p.createUser(rest)
	case "rouser", "rwuser":
		p.simpleUser(name, rest)
	case "syslocation":
		p.systemText(&p.file.Config.System.Location, rest)
	case "syscontact":
		p.systemText(&p.file.Config.System.Contact, rest)
	case "sysname":
		p.systemText(&p.file.Config.System.Name, rest)
	case "sysdescr":
		p.systemText(&p.file.Description, rest)
	case "sysservices":
		p.sysServices(rest)
	case "sysobjectid":
		p.sysObjectID(rest)
	case "trapsink", "trap2sink", "informsink":
		p.trapSink(name, rest)
	case "trapsess":
		p.trapSession(rest)
	case "trapcommunity":
		p.trapCommunity, _, _ = word(rest)
	case "authtrapenable":
		p.authTrapEnable(rest)
	case "engineid", "exactengineid", "engineidtype":
		p.engineID(name, rest)
	case "persistentdir":
		p.file.PersistentDir, _, _ = word(rest)
	case "disk":
		p.disk(rest)
	case "includealldisks":
		p.includeAllDisks(rest)
	case "load":
		p.load(rest)
	case "proc":
		p.proc(rest)
	case "extend":
		p.extend(rest)
	case "linkupdownnotifications":
		p.file.LinkTraps = truth(rest)
	default:
		if slices.Contains(strings.Fields(unsupported), name) {
			p.warnf("%s is not supported, the line has no effect.", token)
			return
		}
		p.warnf("Unknown token: %s.", token)
	}
}

// truth reads what snmpd takes for yes.
func truth(rest string) bool {
	w, _, _ := word(rest)
	return slices.Contains([]string{"1", "yes", "true"}, strings.ToLower(w))
}

// systemText is the whole rest of the line. Quotes around all of it are left
// out, which snmpd would show to managers.
func (p *parser) systemText(to *string, rest string) {
	rest = strings.TrimRight(rest, " \t")
	if text, more, _ := word(rest); len(rest) > 1 && rest[0] == '"' && rest[len(rest)-1] == '"' && more == "" {
		rest = text
	}
	if len(rest) > 255 {
		p.errorf("more than 255 characters, the rest is left out")
		rest = rest[:255]
	}
	*to = rest
}

func (p *parser) sysServices(rest string) {
	w, _, _ := word(rest)
	n, err := strconv.Atoi(w)
	if err != nil || n < 0 || n > 127 {
		p.errorf("bad sysServices %s, want 0 to 127", w)
		return
	}
	p.file.Config.System.Services = n
}

func (p *parser) sysObjectID(rest string) {
	w, _, _ := word(rest)
	o, ok := parseOID(w)
	if !ok || len(o) < 2 {
		p.errorf("bad sysObjectID OID: %s", w)
		return
	}
	p.file.Config.System.ObjectID = o
}

func (p *parser) authTrapEnable(rest string) {
	switch w, _, _ := word(rest); w {
	case "1":
		p.file.Config.Notifications.AuthenticationFailures = true
	case "2":
		p.file.Config.Notifications.AuthenticationFailures = false
	default:
		p.errorf("authtrapenable must be 1 or 2")
	}
}

// disk reads PATH [MINSPACE | MINPERCENT%].
func (p *parser) disk(rest string) {
	w := Words(rest)
	if !strings.HasPrefix(w[0], "/") {
		p.errorf("disk %s: want a mount point", w[0])
		return
	}
	d := Disk{Path: w[0], MinKiB: 100_000}
	if len(w) > 1 {
		text, percent := strings.CutSuffix(w[1], "%")
		n, err := strconv.ParseInt(text, 10, 32)
		switch {
		case err != nil || n < 0 || percent && n > 100:
			p.errorf("bad limit %s of disk %s", w[1], w[0])
			return
		case percent:
			d.MinKiB, d.MinPercent = 0, int(n)
		default:
			d.MinKiB = int32(n)
		}
	}
	p.file.Disks = append(p.file.Disks, d)
}

func (p *parser) includeAllDisks(rest string) {
	w, _, _ := word(rest)
	if p.allDisks {
		p.errorf("includeAllDisks already specified.")
		p.errorf("\tignoring: includeAllDisks %s", w)
		return
	}
	n, err := strconv.Atoi(strings.TrimSuffix(w, "%"))
	if err != nil || n < 1 || n > 100 {
		p.errorf("bad limit %s of includeAllDisks, want 1%% to 100%%", w)
		return
	}
	p.allDisks, p.file.AllDisks = true, n
}

// load reads MAX1 [MAX5 [MAX15]]; what is left out is as the one before.
func (p *parser) load(rest string) {
	w := Words(rest)
	var max [3]float64
	for i := range max {
		if i >= len(w) {
			max[i] = max[i-1]
			continue
		}
		n, err := strconv.ParseFloat(w[i], 64)
		if err != nil || n < 0 || math.IsNaN(n) || n > math.MaxInt32 {
			p.errorf("bad load %s", w[i])
			return
		}
		max[i] = n
	}
	p.file.Load = max
}

// proc reads NAME [MAX [MIN]].
func (p *parser) proc(rest string) {
	w := Words(rest)
	if w[0] == "" {
		p.errorf("proc: want the name of a program")
		return
	}
	one := Process{Name: w[0]}
	if len(w) == 1 {
		one.Min = 1
	}
	for i, to := range []*int32{&one.Max, &one.Min} {
		if i+1 < len(w) {
			n, err := strconv.ParseInt(w[i+1], 10, 32)
			if err != nil || n < 0 {
				p.errorf("bad number %s of proc %s", w[i+1], w[0])
				return
			}
			*to = int32(n)
		}
	}
	p.file.Processes = append(p.file.Processes, one)
}

// extend reads [MIBOID] NAME PROGRAM ARGS.
func (p *parser) extend(rest string) {
	name, rest, _ := word(rest)
	if strings.HasPrefix(name, ".") {
		p.errorf("extend with an OID of its own is not supported, the line has no effect.")
		return
	}
	program, args, ok := word(rest)
	switch {
	case !ok:
		p.errorf("extend %s: a program is missing", name)
	case name == "" || len(name) > 32:
		p.errorf("extend %s: the name has %d characters, want 1 to 32", name, len(name))
	case slices.ContainsFunc(p.file.Extends, func(e Extend) bool { return e.Name == name }):
		p.errorf("extend %s is there already", name)
	default:
		p.file.Extends = append(p.file.Extends, Extend{name, program, strings.TrimRight(args, " \t")})
	}
}
