// What a hand and an eye do on a page. Each function returns what is wrong, or
// "". They run in one go, so that no page changes under them.
const words = text => text.trim().replace(/\s+/g, " ");
const name = e => words(e.getAttribute("aria-label") || e.innerText || "");
const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";

// reach tells whether the middle of an element can be hit.
function reach(e) {
	if (!shown(e)) return "cannot be seen";
	e.scrollIntoView({block: "center", inline: "center"});
	const r = e.getClientRects()[0];
	const hit = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
	return hit && (e.contains(hit) || hit.contains(e)) ? "" : "something lies above it";
}

function click(wanted) {
	const all = Array.from(document.querySelectorAll("a, button, summary")).filter(e => shown(e) && name(e) === wanted);
	if (all.length !== 1) return all.length + " buttons or links are called so";
	const trouble = reach(all[0]);
	if (!trouble) all[0].click();
	return trouble;
}

// field finds what a label is for: the first one, since groups below a form may
// have an Enabled of their own.
function field(label) {
	const all = Array.from(document.querySelectorAll("label")).filter(e => shown(e) && words(e.innerText) === label);
	if (all.length === 0) throw new Error("no label is called " + label);
	if (!all[0].control) throw new Error(label + " is for nothing");
	return all[0].control;
}

function focus(label) {
	const e = field(label), trouble = reach(e);
	if (trouble) return trouble;
	e.focus();
	e.select();
	return document.activeElement === e ? "" : "cannot have the focus";
}

function holds(label, text) {
	const value = field(label).value;
	return value.replaceAll("\r", "") === text ? "" : "holds " + value;
}

function choose(label, option) {
	const e = field(label), trouble = reach(e);
	if (trouble) return trouble;
	const found = Array.from(e.options).find(o => words(o.label) === option);
	if (!found) return "offers only " + Array.from(e.options).map(o => words(o.label)).join(", ");
	e.value = found.value;
	e.dispatchEvent(new Event("input", {bubbles: true}));
	e.dispatchEvent(new Event("change", {bubbles: true}));
	return "";
}

function tick(label) {
	const e = field(label), trouble = reach(e);
	if (!trouble && !e.checked) e.click();
	return trouble || (e.checked ? "" : "is not ticked");
}

const said = () => words(document.body.innerText);
const sees = text => said().includes(text) ? "" : "is not on the page";
const heading = text => words(document.querySelector("h1")?.innerText || "") === text ? "" : "is not the heading";

function row(head, wanted) {
	const rows = Array.from(document.querySelectorAll("tr")).filter(r => words(r.cells[0].innerText) === head);
	const found = rows.some(r => wanted.every(w => Array.from(r.cells).some(c => words(c.innerText).split(/[^\w.-]/).includes(w))));
	return found ? "" : "the rows say " + rows.map(r => words(r.innerText)).join("; ");
}

const arrived = () => !window.before && document.readyState === "complete" ? "" : "is the page before";
