// Keeps what lives on a page current, and shows the fields that matter.
"use strict";
(function () {
	// Makes one node as another is, in the place where it stands, so that focus,
	// selection, ticks, scrolling and what is read aloud stay as they are.
	function become(from, to) {
		if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || (from.id || "") !== (to.id || "")) {
			from.replaceWith(to);
			return;
		}
		if (from.nodeType !== Node.ELEMENT_NODE) {
			if (from.data !== to.data) from.data = to.data;
			return;
		}
		for (const a of Array.from(to.attributes)) {
			if (from.getAttribute(a.name) !== a.value) from.setAttribute(a.name, a.value);
		}
		for (const a of Array.from(from.attributes)) {
			if (!to.hasAttribute(a.name) && !own(from, a.name)) from.removeAttribute(a.name);
		}
		const now = Array.from(to.childNodes), before = Array.from(from.childNodes);
		now.forEach(function (child, i) {
			if (i < before.length) become(before[i], child); else from.appendChild(child);
		});
		before.slice(now.length).forEach(function (child) { child.remove(); });
	}

	// own reports whether an attribute is of the browser or of this script.
	function own(element, name) {
		return name === "open" && element.nodeName === "DETAILS" || name === "tabindex" && element.classList.contains("scroll");
	}

	function replace(live, html) {
		const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
		const log = live.querySelector(".log"), atEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
		const next = live.cloneNode(false);
		next.innerHTML = html;
		become(live, next);
		const now = live.querySelector(".log");
		if (now && atEnd) now.scrollTop = now.scrollHeight;
		const again = focused && document.getElementById(focused);
		if (again && again !== document.activeElement) again.focus({ preventScroll: true });
		if (window.htmx) window.htmx.process(live);
		reachable();
	}

	// What has to be scrolled can be scrolled by keyboard, too.
	function reachable() {
		document.querySelectorAll(".scroll").forEach(function (area) {
			if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
		});
	}
	window.addEventListener("resize", reachable);
	reachable();

	const live = document.getElementById("live");
	if (live && window.EventSource) {
		const page = encodeURIComponent(location.pathname), query = encodeURIComponent(location.search.slice(1));
		let source = null;
		// A page that nobody sees costs nothing: it may be far away, over a modem.
		function follow() {
			if (source && (document.hidden || source.readyState === EventSource.CLOSED)) {
				source.close();
				source = null;
			}
			if (source || document.hidden) return;
			source = new EventSource("/events?page=" + page + "&query=" + query);
			source.onmessage = function (event) {
				replace(live, event.data);
				document.body.classList.remove("stale");
			};
			source.onerror = function () { document.body.classList.add("stale"); };
		}
		document.addEventListener("visibilitychange", follow);
		follow();
		const log = live.querySelector(".log");
		if (log) log.scrollTop = log.scrollHeight;
	}

	// Conditional fields: data-show="path=word word".
	function conditions() {
		document.querySelectorAll("[data-show]").forEach(function (row) {
			const at = row.dataset.show.indexOf("=");
			const input = document.getElementsByName(row.dataset.show.slice(0, at))[0];
			const words = row.dataset.show.slice(at + 1).split(" ");
			row.hidden = !!input && !words.includes(input.value === "" ? "-" : input.value);
		});
	}
	document.addEventListener("change", conditions);
	conditions();

	// Nothing typed is lost by leaving the page without a word.
	let changed = false;
	document.addEventListener("input", function (event) {
		if (event.target.form && event.target.form.classList.contains("record")) changed = true;
	});
	document.addEventListener("submit", function () { changed = false; });
	window.addEventListener("beforeunload", function (event) { if (changed) event.preventDefault(); });

	// How much of a file is uploaded.
	document.body.addEventListener("htmx:xhr:progress", function (event) {
		const bar = event.target.querySelector && event.target.querySelector("progress");
		if (!bar || !event.detail.lengthComputable) return;
		bar.hidden = false;
		bar.max = event.detail.total;
		bar.value = event.detail.loaded;
	});
})();
