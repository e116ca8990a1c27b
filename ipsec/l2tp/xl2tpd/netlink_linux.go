package xl2tpd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ask sends one request of a netlink family (man netlink(7)) and returns the
// answers to it, without the acknowledgement; an error of the kernel is an
// errno.
func ask(family int, kind, flags uint16, body []byte) (answers [][]byte, err error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, family)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	defer func() { err = errors.Join(err, os.NewSyscallError("close", syscall.Close(fd))) }()
	limit := syscall.Timeval{Sec: 5}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit); err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	order := binary.NativeEndian
	const sequence = 1
	msg := make([]byte, syscall.NLMSG_HDRLEN, syscall.NLMSG_HDRLEN+len(body))
	order.PutUint32(msg[0:], uint32(syscall.NLMSG_HDRLEN+len(body)))
	order.PutUint16(msg[4:], kind)
	order.PutUint16(msg[6:], flags|syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	order.PutUint32(msg[8:], sequence)
	msg = append(msg, body...)
	if err := syscall.Sendto(fd, msg, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := syscall.Recvfrom(fd, buffer, 0)
		if err != nil {
			return nil, fmt.Errorf("netlink: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return nil, fmt.Errorf("netlink: %w", err)
		}
		for _, m := range messages {
			switch {
			case m.Header.Seq != sequence:
			case m.Header.Type == syscall.NLMSG_DONE:
				return answers, nil
			case m.Header.Type == syscall.NLMSG_ERROR:
				if len(m.Data) < 4 {
					return nil, errors.New("netlink: an answer is cut off")
				}
				if errno := int32(order.Uint32(m.Data)); errno != 0 {
					return nil, syscall.Errno(-errno)
				}
				return answers, nil
			default:
				answers = append(answers, append([]byte(nil), m.Data...))
			}
		}
	}
}

// attribute returns a netlink attribute, padded.
func attribute(kind uint16, value []byte) []byte {
	order := binary.NativeEndian
	b := make([]byte, 4, 4+len(value)+3)
	order.PutUint16(b[0:], uint16(4+len(value)))
	order.PutUint16(b[2:], kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// attributes reads the attributes of a message.
func attributes(b []byte) map[uint16][]byte {
	order := binary.NativeEndian
	all := make(map[uint16][]byte)
	for len(b) >= 4 {
		n := int(order.Uint16(b))
		if n < 4 || n > len(b) {
			break
		}
		all[order.Uint16(b[2:])] = b[4:n]
		b = b[min((n+3)&^3, len(b)):]
	}
	return all
}
