package snmp

import "github.com/fieldgate/fieldgate/internal/config"

// UnmarshalText reads v1, v2c, v3 or nothing and refuses other words.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = config.ParseEnum(text, VersionAny, Version1, Version2c, Version3)
	return err
}

// UnmarshalText reads the name of a protocol or nothing and refuses other
// words.
func (a *AuthProtocol) UnmarshalText(text []byte) (err error) {
	*a, err = config.ParseEnum(text, AuthNone, AuthMD5, AuthSHA1, AuthSHA224, AuthSHA256, AuthSHA384, AuthSHA512)
	return err
}

// UnmarshalText reads the name of a protocol or nothing and refuses other
// words.
func (p *PrivProtocol) UnmarshalText(text []byte) (err error) {
	*p, err = config.ParseEnum(text, PrivNone, PrivDES, PrivAES, PrivAES192, PrivAES256, PrivAES192C, PrivAES256C)
	return err
}

// UnmarshalText reads a level or nothing and refuses other words.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = config.ParseEnum(text, "", NoAuthNoPriv, AuthNoPriv, AuthPriv)
	return err
}

// UnmarshalText reads a model or nothing and refuses other words.
func (m *SecurityModel) UnmarshalText(text []byte) (err error) {
	*m, err = config.ParseEnum(text, "", ModelAny, ModelV1, ModelV2c, ModelUSM)
	return err
}
