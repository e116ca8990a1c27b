package telnet

// AppendData appends data to dst as it goes over the wire, with each IAC
// doubled.
func AppendData(dst, data []byte) []byte {
	for len(data) > 0 {
		if data[0] == iac {
			dst = append(dst, iac, iac)
			data = data[1:]
			continue
		}
		n := index(data)
		dst = append(dst, data[:n]...)
		data = data[n:]
	}
	return dst
}
