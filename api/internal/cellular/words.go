// Package cellular holds the words that every modem provider uses for the
// same thing.
package cellular

// The radio technologies. A cell of "LTE" can be one that also takes "NR"
// beside it.
const (
	GSM    = "GSM"
	GPRS   = "GPRS"
	EDGE   = "EDGE"
	UMTS   = "UMTS"
	HSDPA  = "HSDPA"
	HSUPA  = "HSUPA"
	HSPA   = "HSPA"
	HSPAp  = "HSPA+"
	ECGSM  = "EC-GSM-IoT"
	LTE    = "LTE"
	LTEM   = "LTE-M"
	NBIoT  = "NB-IoT"
	NR     = "NR"
	LTENR  = "LTE+NR"
	CDMA1x = "CDMA2000 1x"
	EVDO   = "EV-DO"
)

// registrations holds the words; the index is <stat> of 3GPP TS 27.007
// section 7.2, which ModemManager's MMModem3gppRegistrationState follows.
var registrations = [...]string{
	0:  "not registered",
	1:  "home",
	2:  "searching",
	3:  "denied",
	4:  "unknown",
	5:  "roaming",
	6:  "home",    // for short messages only
	7:  "roaming", // for short messages only
	8:  "denied",  // emergency calls only
	9:  "home",    // circuit switched fallback not preferred
	10: "roaming", // circuit switched fallback not preferred
	11: "denied",  // restricted local operator services only
}

// Registration returns the word for a <stat> of 3GPP TS 27.007 section 7.2,
// or "" for one that it does not know.
func Registration(stat uint64) string {
	if stat < uint64(len(registrations)) {
		return registrations[stat]
	}
	return ""
}

// Registered reports whether stat means that the modem is in a network.
func Registered(stat uint64) bool {
	word := Registration(stat)
	return word == "home" || word == "roaming"
}

// Number tidies a cell id or area code in hexadecimal: upper case as it
// comes. What is no such number, or says that there is none (zeros only, F
// only, or FFFE, which 3GPP TS 23.003 reserves), gives "".
func Number(hex string) string {
	const maxDigits = 9 // an NR cell identity has 36 bits
	if hex == "" || len(hex) > maxDigits {
		return ""
	}
	digits := []byte(hex)
	zeros, effs := true, true
	for i, c := range digits {
		switch {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'F':
		case 'a' <= c && c <= 'f':
			c -= 'a' - 'A'
			digits[i] = c
		default:
			return ""
		}
		zeros = zeros && c == '0'
		effs = effs && c == 'F'
	}
	if zeros || effs || string(digits) == "FFFE" {
		return ""
	}
	return string(digits)
}
