// Keeps what lives on a page current, and shows the fields that matter.
"use strict";
(function () {
	// What is open and what has the focus stays so.
	function replace(live, html) {
		const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
		const open = Array.from(live.querySelectorAll("details[open][id]"), function (d) { return d.id; });
		const log = live.querySelector(".log"), atEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
		const top = log ? log.scrollTop : 0;
		live.innerHTML = html;
		open.forEach(function (id) { const d = document.getElementById(id); if (d) d.open = true; });
		const now = live.querySelector(".log");
		if (now) now.scrollTop = atEnd ? now.scrollHeight : top;
		if (focused && document.getElementById(focused)) document.getElementById(focused).focus({ preventScroll: true });
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
		const source = new EventSource("/events?page=" + page + "&query=" + query);
		source.onmessage = function (event) {
			replace(live, event.data);
			document.body.classList.remove("stale");
		};
		source.onerror = function () { document.body.classList.add("stale"); };
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
	document.querySelectorAll("form.record").forEach(function (form) {
		form.addEventListener("input", function () { changed = true; });
		form.addEventListener("submit", function () { changed = false; });
	});
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
