package openvpn

// serviceOptions are those of the page Service.
func serviceOptions() []OptionInfo {
	tab := TabService
	return []OptionInfo{
		{Name: "echo", Tab: tab, Main: true, PerClient: true, Repeats: true, Params: params(value("text", KindText).many(4)),
			Help: "Hands a text to the management interface."},
		{Name: "fast-io", Tab: tab, Main: true,
			Help: "Writes UDP packets without asking first whether that would block, which saves some processor time."},
		{Name: "passtos", Tab: tab, Main: true,
			Help: "Copies the type of service of a packet in the tunnel to the packet that carries it."},
		{Name: "verb", Tab: tab, Main: true, Basic: true, Params: params(num("level", 3, 6)),
			Help: "How much the log tells: 3 for normal use, 4 shows all settings, 6 every packet. Less than 3 would hide why a tunnel fails, more than 6 writes keys into the log."},
		{Name: "disable-occ", Tab: tab, Main: true,
			Help: "Does not compare settings with the other end.",
			Weak: "ends that do not fit are no longer noticed"},
		{Name: "push-peer-info", Tab: tab, Main: true, Side: SideClient,
			Help: "Tells the server the platform, the hardware address and the TLS library of this end."},
		{Name: "tls-exit", Tab: tab, Main: true,
			Help: "Ends the process when the TLS handshake fails; it is then started anew after a pause."},
		{Name: "disable-dco", Tab: tab, Main: true,
			Help: "Does not let the kernel carry the packets, even if it could."},
	}
}
