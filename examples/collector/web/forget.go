package web

import (
	"net/http"
	"net/netip"
)

// guarded lets only programs on this machine through, and of pages only those
// that come from here: without a login, nobody else may change anything.
func guarded(next http.HandlerFunc) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "a page from elsewhere may not ask for this")
	}))
	return origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !from.Addr().Unmap().IsLoopback() {
			refuse(w, http.StatusForbidden, "this is allowed from the loopback interface only: ask on the machine of the collector")
			return
		}
		next(w, r)
	}))
}

// forget drops what is known of a device, so that its next message is taken as
// that of a new one.
func (h *handler) forget(w http.ResponseWriter, r *http.Request) {
	serial := r.PathValue("serial")
	counted := h.Receiver.Forget(serial)
	if held := h.Table.Forget(serial); !counted && !held {
		refuse(w, http.StatusNotFound, "no such device has reported")
		return
	}
	reply(w, http.StatusOK, struct {
		Forgotten string `json:"forgotten"`
	}{serial})
}
