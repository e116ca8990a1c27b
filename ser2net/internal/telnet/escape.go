package telnet

import "bytes"

// AppendData appends data to dst as it goes over the wire, with each IAC
// doubled.
func AppendData(dst, data []byte) []byte {
	for {
		i := bytes.IndexByte(data, iac)
		if i < 0 {
			return append(dst, data...)
		}
		dst = append(append(dst, data[:i+1]...), iac)
		data = data[i+1:]
	}
}
