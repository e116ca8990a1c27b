package atmodem_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

// The answers are in the forms of the makers' manuals, with test numbers. What
// is not there is ERROR.
func TestMakers(t *testing.T) {
	const imei, imsi = "490154203237518", "001010123456789"
	for name, c := range map[string]struct {
		says map[string][]string
		want api.ModemInfo
	}{
		"quectel_ec25": {map[string][]string{
			"AT+CGMI": {"Quectel"}, "AT+CGMM": {"EC25"}, "AT+CGMR": {"EC25EFAR06A06M4G"}, "AT+CGSN": {imei}, "AT+CIMI": {imsi},
			"AT+QCCID": {"+QCCID: 89882110000000000017"}, "AT+CSQ": {"+CSQ: 21,99"},
			"AT+CREG?": {"+CREG: 2,1,\"1A2B\",\"1C2F3B0\",7"}, "AT+CEREG?": {"+CEREG: 2,1,\"1A2B\",\"1C2F3B0\",7"},
			"AT+COPS?": {`+COPS: 0,0,"Test PLMN 1-1",7`}, "AT+CGPADDR": {`+CGPADDR: 1,"10.64.0.7"`, `+CGPADDR: 2,"0.0.0.0"`},
		}, api.ModemInfo{
			Manufacturer: "Quectel", Model: "EC25", Revision: "EC25EFAR06A06M4G", ICCID: "89882110000000000017", SignalDBm: new(-71),
			Registration: "home", Technology: "LTE", Operator: "Test PLMN 1-1", AreaCode: "1A2B", CellID: "1C2F3B0", IPAddress: "10.64.0.7",
		}},
		"simcom_sim7600": {map[string][]string{
			"AT+CGMI": {"SIMCOM INCORPORATED"}, "AT+CGMM": {"SIMCOM_SIM7600E-H"}, "AT+CGMR": {"+CGMR: LE20B04SIM7600M22"},
			"AT+CGSN": {imei}, "AT+CIMI": {imsi}, "AT+CICCID": {"+ICCID: 89882110000000000017"}, "AT+CSQ": {"+CSQ: 99,99"},
			"AT+CESQ": {"+CESQ: 99,99,255,255,18,46"}, "AT+CEREG?": {"+CEREG: 2,5,6D2B,1C2F3B0,7"},
			"AT+COPS?": {`+COPS: 0,0,"Test",7`}, "AT+CGPADDR": {"+CGPADDR: 1,10.64.0.7"},
		}, api.ModemInfo{
			Manufacturer: "SIMCOM INCORPORATED", Model: "SIMCOM_SIM7600E-H", Revision: "LE20B04SIM7600M22", ICCID: "89882110000000000017",
			SignalDBm: new(-95), Registration: "roaming", Technology: "LTE", Operator: "Test", AreaCode: "6D2B", CellID: "1C2F3B0",
			IPAddress: "10.64.0.7",
		}},
		"simcom_sim800": {map[string][]string{
			"AT+CGMI": {"SIMCOM_Ltd"}, "AT+CGMM": {"SIMCOM_SIM800L"}, "AT+CGMR": {"Revision:1418B05SIM800L24"}, "AT+CGSN": {imei},
			"AT+CIMI": {imsi}, "AT+CCID": {"8988211000000000001f"}, "AT+CSQ": {"+CSQ: 15,0"}, "AT+CREG?": {`+CREG: 2,1,"00C3","A2D0"`},
			"AT+COPS?": {`+COPS: 0,0,"Test"`},
		}, api.ModemInfo{
			Manufacturer: "SIMCOM_Ltd", Model: "SIMCOM_SIM800L", Revision: "1418B05SIM800L24", ICCID: "8988211000000000001",
			SignalDBm: new(-83), Registration: "home", Operator: "Test", AreaCode: "00C3", CellID: "A2D0",
		}},
		"huawei_me909": {map[string][]string{
			"AT+CGMI": {"Huawei Technologies Co., Ltd."}, "AT+CGMM": {"ME909s-120"}, "AT+CGMR": {"11.617.09.00.00"}, "AT+CGSN": {imei},
			"AT+CIMI": {imsi}, "AT^ICCID?": {"^ICCID: 98881201000000000071"}, "AT+CSQ": {"^RSSI:20", "+CSQ: 20,99", "^HCSQ:\"LTE\",41,36,121,22"},
			"AT+CREG?": {`+CREG: 2,1, "1A2B", "1C2F3B0"`}, "AT+COPS?": {`+COPS: 0,0,"Test",7`}, "AT+CGPADDR": {`+CGPADDR: 1,"10.64.0.7"`},
		}, api.ModemInfo{
			Manufacturer: "Huawei Technologies Co., Ltd.", Model: "ME909s-120", Revision: "11.617.09.00.00", ICCID: "89882110000000000017",
			SignalDBm: new(-73), Registration: "home", Technology: "LTE", Operator: "Test", AreaCode: "1A2B", CellID: "1C2F3B0",
			IPAddress: "10.64.0.7",
		}},
		"ublox_sara_r4": {map[string][]string{
			"AT+CGMI": {"u-blox"}, "AT+CGMM": {"SARA-R410M-02B"}, "AT+CGMR": {"L0.0.00.00.05.08 [Apr 17 2019 19:34:02]"}, "AT+CGSN": {imei},
			"AT+CIMI": {imsi}, "AT+CCID": {"+CCID: 89882110000000000017"}, "AT+CSQ": {"+CSQ: 10,99"},
			"AT+CEREG?": {`+CEREG: 2,5,"1a2b","1c2f3b0",7`}, "AT+COPS?": {`+COPS: 0,0,"Test",7`}, "AT+CGPADDR=1": {"+CGPADDR: 1,10.64.0.7"},
		}, api.ModemInfo{
			Manufacturer: "u-blox", Model: "SARA-R410M-02B", Revision: "L0.0.00.00.05.08 [Apr 17 2019 19:34:02]", ICCID: "89882110000000000017",
			SignalDBm: new(-93), Registration: "roaming", Technology: "LTE", Operator: "Test", AreaCode: "1A2B", CellID: "1C2F3B0",
			IPAddress: "10.64.0.7",
		}},
		"sierra_mc7455": {map[string][]string{
			"AT+CGMI": {"Sierra Wireless, Incorporated"}, "AT+CGMM": {"MC7455"},
			"AT+CGMR": {"SWI9X30C_02.24.05.06 r7040 CARMD-EV-FRMWR2 2017/05/19 06:23:09"}, "AT+CGSN": {imei}, "AT+CIMI": {imsi},
			"AT!ICCID?": {"!ICCID: 89882110000000000017"}, "AT+CSQ": {"+CSQ: 22,99"}, "AT+CREG?": {"+CREG: 2,1,1A2B,1C2F3B0,7"},
			"AT+COPS?": {`+COPS: 0,0,"Test",7`}, "AT+CGPADDR": {`+CGPADDR: 1,10.64.0.7`},
		}, api.ModemInfo{
			Manufacturer: "Sierra Wireless, Incorporated", Model: "MC7455",
			Revision: "SWI9X30C_02.24.05.06 r7040 CARMD-EV-FRMWR2 2017/05/19 06:23:09", ICCID: "89882110000000000017", SignalDBm: new(-69),
			Registration: "home", Technology: "LTE", Operator: "Test", AreaCode: "1A2B", CellID: "1C2F3B0", IPAddress: "10.64.0.7",
		}},
		"telit_le910": {map[string][]string{
			"AT+CGMI": {"Telit"}, "AT+CGMM": {"LE910C1-EU"}, "AT+CGMR": {"25.21.222"}, "AT+CGSN": {imei}, "AT+CIMI": {imsi},
			"AT#CCID": {"#CCID: 89882110000000000017"}, "AT+CSQ": {"+CSQ: 25,0"}, "AT+CEREG?": {`+CEREG: 2,1,"1A2B","01C2F3B0",7`},
			"AT+COPS?": {`+COPS: 0,0,"Test",7`}, "AT+CGPADDR": {`+CGPADDR: 1,"10.64.0.7"`},
		}, api.ModemInfo{
			Manufacturer: "Telit", Model: "LE910C1-EU", Revision: "25.21.222", ICCID: "89882110000000000017", SignalDBm: new(-63),
			Registration: "home", Technology: "LTE", Operator: "Test", AreaCode: "1A2B", CellID: "01C2F3B0", IPAddress: "10.64.0.7",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.IMEI, c.want.IMSI = imei, imsi
			talk(t, atmodem.Options{TTL: always}, func(t *testing.T, fake *atmodemtest.Modem, m *atmodem.Modem) {
				for _, command := range []string{
					"AT+CREG?", "AT+CGREG?", "AT+CEREG?", "AT+CGPADDR", "AT+CGPADDR=1", "AT+CSQ", "AT+CESQ", "AT+CCID",
				} {
					fake.Script(command, "ERROR")
				}
				for command, lines := range c.says {
					fake.Script(command, append(lines, "OK")...)
				}
				for _, faults := range []atmodemtest.Faults{{}, {Junk: []byte("\r\n+CREG: 1\r\n")}} {
					fake.SetFaults(faults)
					info, err := m.ModemInfo(t.Context())
					require.NoError(t, err)
					assert.Equal(t, c.want, info)
				}
			})
		})
	}
}
