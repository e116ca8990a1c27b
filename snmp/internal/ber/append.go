package ber

// HeaderSize returns how many octets tag and length of n contents octets have.
func HeaderSize(n int) int {
	switch {
	case n < 0x80:
		return 2
	case n < 0x100:
		return 3
	case n < 0x10000:
		return 4
	case n < 0x1000000:
		return 5
	}
	return 6
}

// Size returns how many octets an element of n contents octets has.
func Size(n int) int { return HeaderSize(n) + n }

// AppendHeader appends tag and length of n contents octets.
func AppendHeader(dst []byte, tag byte, n int) []byte {
	switch HeaderSize(n) {
	case 2:
		return append(dst, tag, byte(n))
	case 3:
		return append(dst, tag, 0x81, byte(n))
	case 4:
		return append(dst, tag, 0x82, byte(n>>8), byte(n))
	case 5:
		return append(dst, tag, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, tag, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// AppendInt appends a signed number in as few octets as it needs.
func AppendInt(dst []byte, tag byte, n int64) []byte {
	return appendNumber(dst, tag, uint64(n), IntSize(n))
}

// AppendUint appends an unsigned number, with a zero octet in front of those
// that begin with a one.
func AppendUint(dst []byte, tag byte, n uint64) []byte {
	return appendNumber(dst, tag, n, UintSize(n))
}

func appendNumber(dst []byte, tag byte, n uint64, size int) []byte {
	dst = append(dst, tag, byte(size))
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		dst = append(dst, byte(n>>shift)) // 0 for the ninth octet
	}
	return dst
}

// AppendOctets appends octets.
func AppendOctets[T ~[]byte | ~string](dst []byte, tag byte, octets T) []byte {
	return append(AppendHeader(dst, tag, len(octets)), octets...)
}
