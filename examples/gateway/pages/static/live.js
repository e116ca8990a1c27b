// Keeps what lives on a page current, and shows the fields that matter.
"use strict";
(function () {
	const live = document.getElementById("live");
	if (live && window.EventSource) {
		const page = encodeURIComponent(location.pathname), query = encodeURIComponent(location.search.slice(1));
		const source = new EventSource("/events?page=" + page + "&query=" + query);
		source.onmessage = function (event) {
			const focused = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
			live.innerHTML = event.data;
			if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
			document.body.classList.remove("stale");
		};
		source.onerror = function () { document.body.classList.add("stale"); };
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
})();
