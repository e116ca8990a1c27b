package atmodem

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heard returns the answer to command in what a modem has sent.
func heard(command, sent string) answer {
	a := answer{command: command}
	var lines splitter
	whole := false
	lines.add([]byte(sent), func(line string) { whole = whole || a.add(line) })
	return a
}

// What modems send, as their makers' manuals show it.
func TestTexts(t *testing.T) {
	for name, c := range map[string]struct {
		command, sent string
		labels        []string
		want          []string
	}{
		"echoed":       {"AT+CGMI", "AT+CGMI\r\r\nQUALCOMM INCORPORATED\r\n\r\nOK\r\n", nil, []string{"QUALCOMM INCORPORATED"}},
		"labelled":     {"AT+CGMR", "\r\n+CGMR: LE20B03SIM7600M22\r\n\r\nOK\r\n", []string{"+CGMR"}, []string{"LE20B03SIM7600M22"}},
		"simcom":       {"AT+CGMR", "\r\nRevision:1418B04SIM800L24\r\n\r\nOK\r\n", []string{"+CGMR", "Revision"}, []string{"1418B04SIM800L24"}},
		"quoted":       {"AT+CGMM", "\r\n+CGMM: \"EC25\"\r\n\r\nOK\r\n", []string{"+CGMM"}, []string{"EC25"}},
		"news":         {"AT+CGMI", "\r\nRING\r\n\r\nhuawei\r\n^RSSI:19\r\n*PSUTTZ: 1,2\r\nVOICE CALL: END\r\nOK\r\n", nil, []string{"huawei"}},
		"lower_colon":  {"AT+CGMR", "\r\nHost version: 1.2\r\nOK\r\n", nil, []string{"Host version: 1.2"}},
		"own_label_up": {"AT+CGMM", "\r\nMODEL: E173\r\nOK\r\n", []string{"Model"}, []string{"E173"}},
		"refused":      {"AT+CGMI", "\r\n+CME ERROR: 10\r\n", nil, nil},
		"prompted":     {"AT+CGMI", "\r\n> \r\n> Telit\r\n\r\nOK\r\n", nil, []string{"Telit"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := heard(c.command, c.sent)
			assert.Equal(t, c.want, a.texts(c.labels...))
			assert.NotEmpty(t, a.final)
		})
	}
}

func TestFinals(t *testing.T) {
	for line, want := range map[string]bool{
		"OK": true, "ERROR": true, "+CME ERROR: 10": true, "+CME ERROR: SIM not inserted": true, "+CMS ERROR: 500": true,
		"COMMAND NOT SUPPORT": true, "OKAY": false, "+CME": false, "NO CARRIER": false, "0": false, "ok": false,
	} {
		assert.Equal(t, want, isFinal(line), line)
	}
	assert.True(t, (&answer{final: "+CME ERROR: 11"}).explained())
	assert.False(t, (&answer{final: "ERROR"}).explained())
}

// An answer that was owed does not become that of the next command.
func TestOwedAnswers(t *testing.T) {
	a := answer{command: "AT+CMEE?", after: "+CMEE:", owed: 2}
	for _, line := range []string{"+CSQ: 20,99", "OK", "+CREG: 1", "ERROR", "AT+CMEE?", "+CMEE: 1"} {
		require.False(t, a.add(line), line)
	}
	require.True(t, a.add("OK"))
	assert.Equal(t, [][]string{{"1"}}, a.values("+CMEE"))
	assert.Equal(t, 2, a.skipped)

	unknown := answer{command: "AT+CMEE?", after: "+CMEE:", owed: 1}
	require.False(t, unknown.add("OK"))
	require.True(t, unknown.add("ERROR"), "its own, since no more were owed")
}

func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		want []string
	}{
		"ends":         {"a\rb\nc\r\n\r\n\r\nd\r", []string{"a", "b", "c", "d"}},
		"not_ended":    {"a\rb", []string{"a"}},
		"control":      {"\x00\x1b a\tb \x7f\r", []string{"a b"}},
		"not_utf_8":    {"\xff\xfeOK\rOK\r", []string{"OK"}},
		"longest":      {strings.Repeat("x", maxLine) + "\r", []string{strings.Repeat("x", maxLine)}},
		"too_long":     {strings.Repeat("x", maxLine+1) + "\rOK\r", []string{"OK"}},
		"prompts":      {"\r\n> \r\n>>> a\r", []string{"a"}},
		"accented":     {"Télécom\r", []string{"Télécom"}},
		"c1_control":   {"a\u0085b\r", []string{"ab"}},
		"only_control": {"\x01\x02\r", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 4096} {
				var s splitter
				var got []string
				for rest := []byte(c.sent); len(rest) > 0; rest = rest[min(size, len(rest)):] {
					s.add(rest[:min(size, len(rest))], func(line string) { got = append(got, line) })
				}
				assert.Equal(t, c.want, got)
				assert.LessOrEqual(t, cap(s.line), 2*maxLine)
			}
		})
	}
}

func TestFields(t *testing.T) {
	assert.Equal(t, []string{"0", "0", "A, B", "7"}, fields(`0,0,"A, B",7`))
	assert.Equal(t, []string{""}, fields(""))
	assert.Equal(t, []string{"", "", ""}, fields(`,"", `))
	assert.Equal(t, []string{"open,1"}, fields(`"open,1`))
}

func TestDecodeNetwork(t *testing.T) {
	for line, want := range map[string]network{
		`+COPS: 0,0,"Vodafone.de",7`: {"Vodafone.de", "LTE", true},
		`+COPS: 1,2,"26202",2`:       {"26202", "UMTS", true},
		`+COPS: 0,0,"A, B",0`:        {"A, B", "GSM", true},
		`+COPS: 0,1,"TIM"`:           {"TIM", "", true},
		`+COPS: 0,0,"",7`:            {"", "LTE", true},
		`+COPS: 0`:                   {},
		`+COPS: 2`:                   {},
		`+COPS: 0,0,"0056006F006400610066006F006E"`:  {"Vodafon", "", true},
		`+COPS: 0,0,"Deadbeef",13`:                   {"Deadbeef", "LTE+NR", true},
		`+COPS: 0,0,"x",99`:                          {"x", "", true},
		`+COPS: -1,0,"x",7`:                          {},
		`+COPS: (2,"a","b","00101",7),,(0-4),(0-2)`:  {},
		`+COPS:0,0,"no space",3`:                     {"no space", "EDGE", true},
		"+COPS: 0,0,\"a\u200bb\",8":                  {"", "EC-GSM-IoT", true},
		`+COPS: 0,0,"x",99999999999999999999999999`:  {"x", "", true},
		`+COPS: 0,0,"x"` + strings.Repeat(",7", 100): {"x", "LTE", true},
	} {
		assert.Equal(t, want, decodeNetwork(heard("AT+COPS?", line+"\r\nOK\r\n")), line)
	}
}

func TestDecodeSignal(t *testing.T) {
	dbm := func(v int) *int { return &v }
	for line, want := range map[string]*int{
		"+CSQ: 0,0": dbm(-113), "+CSQ: 21,99": dbm(-71), "+CSQ: 31,7": dbm(-51), "+CSQ:20,99": dbm(-73), "+CSQ: 21": dbm(-71),
		"+CSQ: 100,99": dbm(-116), "+CSQ: 191,99": dbm(-25),
		"+CSQ: 99,99": nil, "+CSQ: 32,99": nil, "+CSQ: 199,99": nil, "+CSQ: 192,99": nil, "+CSQ: -5,99": nil, "+CSQ:": nil, "+CSQ: x": nil,
	} {
		assert.Equal(t, want, decodeSignal(heard("AT+CSQ", line+"\r\nOK\r\n")), line)
	}
	for line, want := range map[string]*int{
		"+CESQ: 99,99,255,255,20,80":              dbm(-61),
		"+CESQ: 99,99,255,255,255,0":              dbm(-141),
		"+CESQ: 99,99,255,255,255,97":             dbm(-44),
		"+CESQ: 99,99,60,20,255,255":              dbm(-61),
		"+CESQ: 40,0,255,255,255,255":             dbm(-71),
		"+CESQ: 63,0,255,255,255,255":             dbm(-48),
		"+CESQ: 99,99,255,255,255,255,60,90,70":   dbm(-67),
		"+CESQ: 99,99,255,255,10,50,255,255,255":  dbm(-91),
		"+CESQ: 99,99,255,255,255,255":            nil,
		"+CESQ: 64,99,97,255,255,98,255,127,255":  nil,
		"+CESQ: ":                                 nil,
		"+CESQ: -1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1": nil,
	} {
		assert.Equal(t, want, decodeSignalExtended(heard("AT+CESQ", line+"\r\nOK\r\n")), line)
	}
}

func TestDecodeRegistration(t *testing.T) {
	for sent, want := range map[string]registration{
		`+CREG: 2,1,"00c3","01A2D00F",7`:               {true, 2, 1, "00C3", "01A2D00F", "LTE"},
		`+CREG: 0,1`:                                   {true, 0, 1, "", "", ""},
		`+CREG: 2,5,00C3,1A2D`:                         {true, 2, 5, "00C3", "1A2D", ""},
		`+CREG: 2,0,"0000","0000"`:                     {true, 2, 0, "", "", ""},
		`+CREG: 2,1,"FFFE","FFFFFFFF",7`:               {true, 2, 1, "", "", "LTE"},
		"+CREG: 5,\"FFF0\",\"1\",2\r\n+CREG: 2,1":      {true, 2, 1, "", "", ""},
		"+CREG: 2\r\n+CREG: 2,2":                       {true, 2, 2, "", "", ""},
		`+CREG: 1`:                                     {},
		`+CREG: 1,"00C3","01A2D00F",7`:                 {},
		`+CREG: 1,0001,1234`:                           {},
		`+CREG: 2,12`:                                  {},
		`+CREG: 9,1`:                                   {},
		`+CREG: 2,1,"12;reboot","<script>"`:            {true, 2, 1, "", "", ""},
		`+CREG: 2,1,"123456789012345","1234567890123"`: {true, 2, 1, "", "", ""},
	} {
		assert.Equal(t, want, decodeRegistration(heard("AT+CREG?", sent+"\r\nOK\r\n"), "+CREG"), sent)
	}
	ranks := []registration{{}, {known: true, stat: 4}, {known: true}, {known: true, stat: 3}, {known: true, stat: 2}, {known: true, stat: 5}}
	for want, r := range ranks {
		assert.Equal(t, want, r.rank())
	}
}

func TestDecodeAddress(t *testing.T) {
	for sent, want := range map[string]string{
		`+CGPADDR: 1,"10.1.2.3"`: "10.1.2.3", `+CGPADDR: 1,10.1.2.3`: "10.1.2.3", `+CGPADDR: 1`: "", `+CGPADDR: 1,""`: "",
		"+CGPADDR: 1,0.0.0.0\r\n+CGPADDR: 2,\"10.1.2.4\"":                "10.1.2.4",
		`+CGPADDR: 1,"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"`:              "2001:db8::1",
		`+CGPADDR: 1,"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1","100.64.0.1"`: "100.64.0.1",
		`+CGPADDR: 1,"10.1.2.3","2001:db8::1"`:                           "10.1.2.3",
		`+CGPADDR: 1,"2001:db8::1"`:                                      "2001:db8::1",
		`+CGPADDR: 1,"10.1.2.300"`:                                       "",
		`+CGPADDR: 1,"fe80::1%eth0"`:                                     "",
		`+CGPADDR: 1,"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.256"`:            "",
		"+CGPADDR:": "",
	} {
		assert.Equal(t, want, decodeAddress(heard("AT+CGPADDR", sent+"\r\nOK\r\n")), sent)
	}
}

func TestDecodeNumbers(t *testing.T) {
	imei := func(sent string) string {
		return decodeDigits(heard("AT+CGSN", sent+"\r\nOK\r\n"), "+CGSN", 14, 16)
	}
	assert.Equal(t, "490154203237518", imei("AT+CGSN\r\r\n490154203237518"))
	assert.Equal(t, "490154203237518", imei(`+CGSN: "490154203237518"`))
	assert.Equal(t, "490154203237518", imei("RING\r\n12\r\n490154203237518"))
	assert.Empty(t, imei("49015420323751X"))
	assert.Empty(t, imei("123"))

	for sent, want := range map[string]string{
		"+CCID: 8988211000000000001": "8988211000000000001", `+CCID: "89882110000000000017"`: "89882110000000000017",
		"8988211000000000001F": "8988211000000000001", "+ICCID: 8988211000000000001f": "8988211000000000001",
		"^ICCID: 98881201000000000010": "89882110000000000001", "ICCID:8988211000000000001": "8988211000000000001",
		"+CCID: 8988211000000000001,1": "8988211000000000001", "+QCCID: 898821100000000001": "898821100000000001",
		"#CCID: 89882110000000000017": "89882110000000000017", "!ICCID: 89882110000000000017": "89882110000000000017",
		"8988": "", "+CCID: none": "", "12345678901234567890": "", "+CME ERROR: 10": "",
	} {
		assert.Equal(t, want, decodeICCID(heard("AT+CCID", sent+"\r\nOK\r\n")), sent)
	}
}

// Whatever a modem sends, facts are short, readable texts.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"AT+COPS?\r\r\n+COPS: 0,0,\"Vodafone.de\",7\r\n\r\nOK\r\n", "+CREG: 2,1,\"00C3\",\"01A2D00F\",7\r\nOK\r\n", "+CSQ: 21,99\r\nOK\r\n",
		"+CESQ: 99,99,255,255,20,80\r\nOK\r\n", "+CGPADDR: 1,\"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1\"\r\nOK\r\n", "+CME ERROR: 10\r\n",
		"\r\nRING\r\n\r\nhuawei\r\n^RSSI:19\r\nOK\r\n", "+CCID: 98881201000000000010\r\nOK\r\n", "\xff\x00> \r\n\"", "+COPS: 0,0,\"0056006F0064\"\r\n",
		"+CMEE: 1\r\nOK\r\n", "+CREG: 1\r\n+CREG: 0,\"\r\n",
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, sent []byte, size uint8) {
		plain, owed := answer{command: "AT+COPS?"}, answer{command: "AT+CMEE?", after: "+CMEE:", owed: 2}
		var lines splitter
		var all, pieces []string
		take := func(line string) {
			all = append(all, line)
			plain.add(line)
			owed.add(line)
		}
		lines.add(sent, take)
		var again splitter
		for rest := range slices.Chunk(sent, int(size)+1) {
			again.add(rest, func(line string) { pieces = append(pieces, line) })
		}
		require.Equal(t, all, pieces, "lines depend on how they come")
		for _, line := range all {
			require.True(t, utf8.ValidString(line) && len(line) <= maxLine && line != "" && strings.TrimSpace(line) == line, "%q", line)
			require.NotContains(t, line, "\x00")
		}
		require.LessOrEqual(t, len(plain.lines), maxLines)
		require.LessOrEqual(t, owed.skipped, 2)

		n := decodeNetwork(plain)
		sound := []string{n.operator, decodeDigits(plain, "+CGSN", 14, 16), decodeICCID(plain), decodeAddress(plain)}
		for _, name := range registrationNames {
			r := decodeRegistration(plain, name)
			sound = append(sound, r.area, r.cell)
		}
		for _, text := range plain.texts("+CGMI", "Manufacturer") {
			sound = append(sound, printable(text))
		}
		for _, text := range sound {
			require.LessOrEqual(t, len(text), maxLine)
			require.Equal(t, strings.TrimSpace(text), text)
			for _, r := range text {
				require.True(t, unicode.IsPrint(r), "%q", text)
			}
		}
		for _, dbm := range []*int{decodeSignal(plain), decodeSignalExtended(plain)} {
			if dbm != nil {
				require.True(t, -160 <= *dbm && *dbm < 0, "%d dBm", *dbm)
			}
		}
	})
}
