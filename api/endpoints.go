package api

// endpoint is one row of the table that everything about the endpoints is
// taken from: the checks of New, the switches, /api/actions and the answers.
type endpoint struct {
	path  string // exactly as in the request line
	input string // the form field that a request brings, "" for none

	field    string // of Endpoints, as an operator writes it
	switched func(Endpoints) bool
	missing  func(Options) string // what the program did not bring, "" when all is there

	serve func(*Handler, *answer) error
}

// endpoints is in the order of the specification.
var endpoints = [...]endpoint{
	{
		path: "/api/version", field: "version",
		switched: func(e Endpoints) bool { return e.Version },
		missing:  nothing,
		serve:    (*Handler).version,
	},
	{
		path: "/api/actions", field: "actions",
		switched: func(e Endpoints) bool { return e.Actions },
		missing:  nothing,
		serve:    (*Handler).actions,
	},
	{
		path: "/api/syncVersion", field: "sync_version",
		switched: func(e Endpoints) bool { return e.SyncVersion },
		missing: func(o Options) string {
			if o.Versions.Sync == "" {
				return "text in Versions.Sync"
			}
			return ""
		},
		serve: (*Handler).syncVersion,
	},
	{
		path: "/api/syslog", field: "syslog",
		switched: func(e Endpoints) bool { return e.Syslog },
		missing: func(o Options) string {
			if o.Providers.Syslog == nil {
				return "provider Syslog"
			}
			return ""
		},
		serve: (*Handler).syslog,
	},
	{
		path: "/api/systemInfo", field: "system_info",
		switched: func(e Endpoints) bool { return e.SystemInfo },
		missing: func(o Options) string {
			if o.Providers.System == nil {
				return "provider System"
			}
			return ""
		},
		serve: (*Handler).systemInfo,
	},
}

func nothing(Options) string { return "" }

func (h *Handler) version(a *answer) error {
	return a.json(versionBody{API: h.versions.API, Patch: h.versions.Patch, Sync: h.versions.Sync})
}

func (h *Handler) actions(a *answer) error {
	return a.json(encodeActions(h.on))
}

func (h *Handler) syncVersion(a *answer) error {
	return a.json(syncVersionBody{Sync: h.versions.Sync})
}

func (h *Handler) syslog(a *answer) error {
	return a.text("The system log cannot be read", h.providers.Syslog.WriteLog)
}

func (h *Handler) systemInfo(a *answer) error {
	ctx, cancel := a.providerContext()
	defer cancel()
	info, err := h.providers.System.SystemInfo(ctx)
	if err != nil {
		return providerProblem("The system information cannot be read", ctx, err)
	}
	return a.json(encodeSystemInfo(info))
}
