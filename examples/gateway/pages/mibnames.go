package pages

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
)

// mibNames are the names of objects by identifier, and the reverse.
type mibNames struct {
	byOID  map[string]string
	byName map[string]string
}

// standard are the modules that the agent serves, as their documents name the
// objects: each line has an identifier, and the names of what is below it in
// the order of the arcs from 1, a "-" where there is none that matters, or a
// number and a colon before a name.
const standard = `
.1.3.6.1 directory mgmt experimental private security snmpV2
.1.3.6.1.2 mib-2
.1.3.6.1.4 enterprises
.1.3.6.1.4.1 2021:ucdavis 8072:netSnmp
.1.3.6.1.2.1 system interfaces at ip icmp tcp udp 10:transmission 11:snmp 25:host 31:ifMIB
.1.3.6.1.2.1.1 sysDescr sysObjectID sysUpTime sysContact sysName sysLocation sysServices sysORLastChange sysORTable
.1.3.6.1.2.1.2 ifNumber ifTable
.1.3.6.1.2.1.2.2 ifEntry
.1.3.6.1.2.1.2.2.1 ifIndex ifDescr ifType ifMtu ifSpeed ifPhysAddress ifAdminStatus ifOperStatus ifLastChange ifInOctets ifInUcastPkts ifInNUcastPkts ifInDiscards ifInErrors ifInUnknownProtos ifOutOctets ifOutUcastPkts ifOutNUcastPkts ifOutDiscards ifOutErrors ifOutQLen ifSpecific
.1.3.6.1.2.1.4 ipForwarding ipDefaultTTL ipInReceives ipInHdrErrors ipInAddrErrors ipForwDatagrams ipInUnknownProtos ipInDiscards ipInDelivers ipOutRequests ipOutDiscards ipOutNoRoutes ipReasmTimeout ipReasmReqds ipReasmOKs ipReasmFails ipFragOKs ipFragFails ipFragCreates 31:ipTrafficStats
.1.3.6.1.2.1.4.31 ipSystemStatsTable
.1.3.6.1.2.1.4.31.1 ipSystemStatsEntry
.1.3.6.1.2.1.4.31.1.1 ipSystemStatsIPVersion - ipSystemStatsInReceives ipSystemStatsHCInReceives ipSystemStatsInOctets ipSystemStatsHCInOctets ipSystemStatsInHdrErrors ipSystemStatsInNoRoutes ipSystemStatsInAddrErrors ipSystemStatsInUnknownProtos ipSystemStatsInTruncatedPkts ipSystemStatsInForwDatagrams ipSystemStatsHCInForwDatagrams ipSystemStatsReasmReqds ipSystemStatsReasmOKs ipSystemStatsReasmFails ipSystemStatsInDiscards ipSystemStatsInDelivers ipSystemStatsHCInDelivers ipSystemStatsOutRequests ipSystemStatsHCOutRequests ipSystemStatsOutNoRoutes ipSystemStatsOutForwDatagrams ipSystemStatsHCOutForwDatagrams ipSystemStatsOutDiscards ipSystemStatsOutFragReqds ipSystemStatsOutFragOKs ipSystemStatsOutFragFails ipSystemStatsOutFragCreates ipSystemStatsOutTransmits ipSystemStatsHCOutTransmits ipSystemStatsOutOctets ipSystemStatsHCOutOctets
.1.3.6.1.2.1.6 tcpRtoAlgorithm tcpRtoMin tcpRtoMax tcpMaxConn tcpActiveOpens tcpPassiveOpens tcpAttemptFails tcpEstabResets tcpCurrEstab tcpInSegs tcpOutSegs tcpRetransSegs tcpConnTable tcpInErrs tcpOutRsts - tcpHCInSegs tcpHCOutSegs
.1.3.6.1.2.1.7 udpInDatagrams udpNoPorts udpInErrors udpOutDatagrams udpTable - - udpHCInDatagrams udpHCOutDatagrams
.1.3.6.1.2.1.10 7:dot3
.1.3.6.1.2.1.10.7 - dot3StatsTable
.1.3.6.1.2.1.10.7.2 dot3StatsEntry
.1.3.6.1.2.1.10.7.2.1 dot3StatsIndex dot3StatsAlignmentErrors dot3StatsFCSErrors dot3StatsSingleCollisionFrames dot3StatsMultipleCollisionFrames dot3StatsSQETestErrors dot3StatsDeferredTransmissions dot3StatsLateCollisions dot3StatsExcessiveCollisions dot3StatsInternalMacTransmitErrors dot3StatsCarrierSenseErrors - dot3StatsFrameTooLongs - - dot3StatsInternalMacReceiveErrors - dot3StatsSymbolErrors dot3StatsDuplexStatus
.1.3.6.1.2.1.25 hrSystem hrStorage hrDevice hrSWRun
.1.3.6.1.2.1.25.1 hrSystemUptime hrSystemDate hrSystemInitialLoadDevice hrSystemInitialLoadParameters hrSystemNumUsers hrSystemProcesses hrSystemMaxProcesses
.1.3.6.1.2.1.25.2 - hrMemorySize hrStorageTable
.1.3.6.1.2.1.25.2.3 hrStorageEntry
.1.3.6.1.2.1.25.2.3.1 hrStorageIndex hrStorageType hrStorageDescr hrStorageAllocationUnits hrStorageSize hrStorageUsed hrStorageAllocationFailures
.1.3.6.1.2.1.25.3 - hrDeviceTable hrProcessorTable hrNetworkTable - - - hrFSTable
.1.3.6.1.2.1.25.3.2 hrDeviceEntry
.1.3.6.1.2.1.25.3.2.1 hrDeviceIndex hrDeviceType hrDeviceDescr hrDeviceID hrDeviceStatus hrDeviceErrors
.1.3.6.1.2.1.25.3.3 hrProcessorEntry
.1.3.6.1.2.1.25.3.3.1 hrProcessorFrwID hrProcessorLoad
.1.3.6.1.2.1.25.3.4 hrNetworkEntry
.1.3.6.1.2.1.25.3.4.1 hrNetworkIfIndex
.1.3.6.1.2.1.25.3.8 hrFSEntry
.1.3.6.1.2.1.25.3.8.1 hrFSIndex hrFSMountPoint hrFSRemoteMountPoint hrFSType hrFSAccess hrFSBootable hrFSStorageIndex hrFSLastFullBackupDate hrFSLastPartialBackupDate
.1.3.6.1.2.1.31 ifMIBObjects
.1.3.6.1.2.1.31.1 ifXTable - - - ifTableLastChange ifStackLastChange
.1.3.6.1.2.1.31.1.1 ifXEntry
.1.3.6.1.2.1.31.1.1.1 ifName ifInMulticastPkts ifInBroadcastPkts ifOutMulticastPkts ifOutBroadcastPkts ifHCInOctets ifHCInUcastPkts ifHCInMulticastPkts ifHCInBroadcastPkts ifHCOutOctets ifHCOutUcastPkts ifHCOutMulticastPkts ifHCOutBroadcastPkts ifLinkUpDownTrapEnable ifHighSpeed ifPromiscuousMode ifConnectorPresent ifAlias ifCounterDiscontinuityTime
.1.3.6.1.4.1.2021 4:memory 9:dskTable 10:laTable 11:systemStats 13:ucdExperimental
.1.3.6.1.4.1.2021.4 memIndex memErrorName memTotalSwap memAvailSwap memTotalReal memAvailReal memTotalSwapTXT memAvailSwapTXT memTotalRealTXT memAvailRealTXT memTotalFree memMinimumSwap memShared memBuffer memCached 18:memTotalSwapX memAvailSwapX memTotalRealX memAvailRealX memTotalFreeX memMinimumSwapX memSharedX memBufferX memCachedX memSysAvail 100:memSwapError memSwapErrorMsg
.1.3.6.1.4.1.2021.9 dskEntry
.1.3.6.1.4.1.2021.9.1 dskIndex dskPath dskDevice dskMinimum dskMinPercent dskTotal dskAvail dskUsed dskPercent dskPercentNode dskTotalLow dskTotalHigh dskAvailLow dskAvailHigh dskUsedLow dskUsedHigh 100:dskErrorFlag dskErrorMsg
.1.3.6.1.4.1.2021.10 laEntry
.1.3.6.1.4.1.2021.10.1 laIndex laNames laLoad laConfig laLoadInt laLoadFloat 100:laErrorFlag laErrMessage
.1.3.6.1.4.1.2021.11 ssIndex ssErrorName ssSwapIn ssSwapOut ssIOSent ssIOReceive ssSysInterrupts ssSysContext ssCpuUser ssCpuSystem ssCpuIdle 50:ssCpuRawUser ssCpuRawNice ssCpuRawSystem ssCpuRawIdle ssCpuRawWait ssCpuRawKernel ssCpuRawInterrupt ssIORawSent ssIORawReceived ssRawInterrupts ssRawContexts ssCpuRawSoftIRQ ssRawSwapIn ssRawSwapOut ssCpuRawSteal ssCpuRawGuest ssCpuRawGuestNice ssCpuNumCpus
.1.3.6.1.4.1.2021.13 15:ucdDiskIOMIB
.1.3.6.1.4.1.2021.13.15 diskIOTable
.1.3.6.1.4.1.2021.13.15.1 diskIOEntry
.1.3.6.1.4.1.2021.13.15.1.1 diskIOIndex diskIODevice diskIONRead diskIONWritten diskIOReads diskIOWrites - - diskIOLA1 diskIOLA5 diskIOLA15 diskIONReadX diskIONWrittenX diskIOBusyTime
`

// namesOf returns the names of the standard modules, and of those modules that
// handlers bring themselves.
func namesOf(mounts []snmp.Mount) mibNames {
	names := mibNames{byOID: make(map[string]string), byName: make(map[string]string)}
	names.add(".1", "iso")
	names.add(".1.3", "org")
	names.add(".1.3.6", "dod")
	names.add(".1.3.6.1", "internet")
	for _, text := range strings.Split(strings.TrimSpace(standard), "\n") {
		words := strings.Fields(text)
		arc := 0
		for _, word := range words[1:] {
			arc++
			if number, name, has := strings.Cut(word, ":"); has {
				arc, _ = strconv.Atoi(number)
				word = name
			}
			if word != "-" {
				names.add(fmt.Sprintf("%s.%d", words[0], arc), word)
			}
		}
	}
	for _, m := range mounts {
		if module, has := m.Handler.(interface{ MIB() string }); has {
			names.read(m.Prefix, module.MIB())
		}
	}
	return names
}

func (n mibNames) add(oid, name string) {
	n.byOID[oid] = name
	if _, known := n.byName[name]; !known {
		n.byName[name] = oid
	}
}

var (
	moduleIdentity = regexp.MustCompile(`(?m)^([a-z]\w*)[ \t]+MODULE-IDENTITY`)
	defined        = regexp.MustCompile(`(?s)(?:^|\n)([a-z]\w*)\s+(?:OBJECT-TYPE|OBJECT IDENTIFIER)\s.*?::=\s*\{\s*(\w+)\s+(\d+)\s*\}`)
)

// read takes the names of a module's text (RFC 2578), whose identity is at
// root.
func (n mibNames) read(root snmp.OID, text string) {
	if m := moduleIdentity.FindStringSubmatch(text); m != nil {
		n.add(root.String(), m[1])
	}
	for _, m := range defined.FindAllStringSubmatch(text, -1) {
		if parent, known := n.byName[m[2]]; known {
			n.add(parent+"."+m[3], m[1])
		}
	}
}

// parse reads an identifier, or a name with arcs behind it; nothing is .1.3.6.1.
func (n mibNames) parse(text string) (snmp.OID, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = ".1.3.6.1"
	}
	name, rest, _ := strings.Cut(text, ".")
	if at, known := n.byName[name]; known {
		text = at
		if rest != "" {
			text += "." + rest
		}
	}
	oid, err := snmp.ParseOID(text)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an identifier such as .1.3.6.1.2.1 nor a name that is known here, such as ifTable", text)
	}
	return oid, nil
}

// known reports whether an identifier has a name of its own.
func (n mibNames) known(oid snmp.OID) bool { return n.byOID[oid.String()] != "" }

// name returns the longest name with the arcs behind it, such as ifInOctets.2.
func (n mibNames) name(oid snmp.OID) string {
	for end := len(oid); end > 0; end-- {
		name, known := n.byOID[oid[:end].String()]
		switch {
		case !known:
		case end == len(oid):
			return name
		default:
			return name + oid[end:].String()
		}
	}
	return oid.String()
}

// last returns the name of an identifier itself, or its last arc.
func (n mibNames) last(oid snmp.OID) string {
	if name := n.byOID[oid.String()]; name != "" {
		return name
	}
	return fmt.Sprint(oid[len(oid)-1])
}
