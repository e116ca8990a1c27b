package usm

// Failure is why a message is not let in: an error that has a counter, and of
// which a manager is told by a REPORT.
type Failure uint8

// The failures, numbered as their counters below usmStats,
// .1.3.6.1.6.3.15.1.1.
const (
	UnsupportedSecLevels Failure = 1
	NotInTimeWindows     Failure = 2
	UnknownUserNames     Failure = 3
	UnknownEngineIDs     Failure = 4
	WrongDigests         Failure = 5
	DecryptionErrors     Failure = 6
)

// Error names the failure.
func (f Failure) Error() string {
	switch f {
	case UnsupportedSecLevels:
		return "the user does not have this security level"
	case NotInTimeWindows:
		return "not within the time window"
	case UnknownUserNames:
		return "unknown user"
	case UnknownEngineIDs:
		return "not for this engine ID"
	case WrongDigests:
		return "wrong digest"
	}
	return "cannot be decrypted"
}

// Level is the level of the REPORT (RFC 3414, section 3.2).
func (f Failure) Level() Level {
	if f == NotInTimeWindows {
		return AuthNoPriv
	}
	return NoAuthNoPriv
}
