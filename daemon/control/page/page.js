// Makes the page live. The daemon renders it; this only asks whether anything has changed, fetches it
// again when so, and puts the new parts in place of the old ones. Without it everything is there,
// as of when it was loaded.
"use strict";
(() => {
	const EVERY_MS = 2000, MOST_MS = 30000, WHOLE_EVERY_MS = 60000;
	const query = document.body.dataset.query;
	const live = document.getElementById("live"), liveText = document.getElementById("live-text");
	let seen = null, wait = EVERY_MS, skew = 0, fetched = Date.now(), heard = Date.now();

	// ---- time: ages count on, clocks are those of the reader
	function span(ms) {
		const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60);
		return s < 60 ? s + "s" : m < 60 ? m + "m" + (s % 60 ? " " + (s % 60) + "s" : "")
			: h < 48 ? h + "h" + (m % 60 ? " " + (m % 60) + "m" : "") : Math.floor(h / 24) + "d" + (h % 24 ? " " + (h % 24) + "h" : "");
	}
	function put(node, text) {
		if (node.textContent !== text) node.textContent = text;
	}
	function tick() {
		const now = Date.now() + skew;
		for (const node of document.querySelectorAll("time[data-age]"))
			if (!node.closest("[aria-live]")) put(node, span(now - Date.parse(node.dateTime)));
		for (const node of document.querySelectorAll("time[data-wait]")) put(node, span(Date.parse(node.dateTime) - now));
		for (const node of document.querySelectorAll("time[data-clock]")) {
			const at = new Date(node.dateTime), day = new Date(now).toDateString() === at.toDateString();
			put(node, day ? at.toLocaleTimeString() : at.toLocaleString(undefined, {dateStyle: "medium", timeStyle: "short"}));
			node.title = node.dateTime;
		}
	}

	// A pass without news changes nothing but when it was.
	function looked(status) {
		for (const layer of status.layers || []) {
			const line = document.querySelector(`[data-layer="${CSS.escape(layer.name)}"] .looked`);
			for (const [what, at] of [["age", layer.checked_at], ["wait", layer.next_at]]) {
				const node = line && at && line.querySelector(`time[data-${what}]`);
				if (node) node.dateTime = at;
			}
		}
	}

	// ---- what has changed
	function digest(status) {
		const one = status.stacks ? status.stacks : [status];
		return JSON.stringify(one.map(s => [s.summary, s.config, s.store && s.store.phase, s.lease, s.progress && s.progress.done,
			s.resources.map(r => [r.address, r.sync, r.health, r.reason, r.message, r.action && [r.action.operation, r.action.attempt]]),
			s.layers.map(l => [l.paused, l.blind, l.held, l.last_pass && l.last_pass.corrected])]));
	}
	function replace(into, from) {
		// What the reader has opened or closed stays so; what nobody touched is as the daemon says.
		const touched = new Map([...into.querySelectorAll("details")].filter(d => d.open !== ("opened" in d.dataset)).map(d => [d.id, d.open]));
		const filter = document.getElementById("filter"), text = filter ? filter.value : "";
		const focus = document.activeElement && document.activeElement.closest("main") ? document.activeElement : null;
		const key = focus && (focus.id ? "#" + CSS.escape(focus.id) : focus.getAttribute("href") ? `[href="${CSS.escape(focus.getAttribute("href"))}"]` : null);
		const olds = [...into.children], news = [...from.children];
		const same = olds.length === news.length && olds.every((o, i) => o.id === news[i].id && o.tagName === news[i].tagName);
		if (!same) {
			into.replaceChildren(...news);
		} else {
			olds.forEach((old, i) => {
				// What is read aloud stays the same node: only its text changes.
				const spoken = old.querySelector("[aria-live]"), said = news[i].querySelector("[aria-live]");
				if (old.isEqualNode(news[i])) return;
				if (spoken && said) {
					if (spoken.textContent !== said.textContent) spoken.replaceChildren(...said.childNodes);
					said.replaceWith(spoken);
				}
				old.replaceWith(news[i]);
			});
		}
		for (const d of into.querySelectorAll("details")) if (touched.has(d.id)) d.open = touched.get(d.id);
		begin();
		const again = document.getElementById("filter");
		if (again && text) { again.value = text; again.dispatchEvent(new Event("input")); }
		if (key && document.activeElement === document.body) {
			const target = into.querySelector(key);
			if (target) target.focus({preventScroll: true});
		}
	}
	async function refresh() {
		const answer = await fetch(location.pathname + location.search, {cache: "no-store"});
		if (!answer.ok && answer.status !== 404) throw new Error("HTTP " + answer.status);
		const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
		replace(document.getElementById("main"), fresh.getElementById("main"));
		document.title = fresh.title;
		fetched = Date.now();
		tick();
	}
	async function look() {
		try {
			const answer = await fetch("/v1/status" + query, {cache: "no-store"});
			if (!answer.ok) throw new Error("HTTP " + answer.status);
			const status = await answer.json(), daemon = (status.stacks ? status.stacks[0] : status).daemon;
			heard = Date.now();
			skew = Date.parse(daemon.now) - heard;
			const now = digest(status);
			if ((seen !== null && now !== seen) || Date.now() - fetched > WHOLE_EVERY_MS) await refresh();
			seen = now;
			looked(status);
			wait = EVERY_MS;
			live.className = "live on";
			put(liveText, "live");
		} catch (problem) {
			wait = Math.min(wait * 2, MOST_MS);
			live.className = "live off";
			put(liveText, "no answer for " + span(Date.now() - heard) + "; what stands here is older");
		}
		setTimeout(look, document.hidden ? MOST_MS : wait);
	}

	// ---- the table's filter
	function begin() {
		const filter = document.getElementById("filter");
		if (!filter || filter.dataset.begun) return;
		filter.dataset.begun = "1";
		filter.closest("p").hidden = false;
		filter.addEventListener("input", () => {
			const words = filter.value.toLowerCase().split(/\s+/);
			for (const row of document.querySelectorAll("#resources tbody tr"))
				row.hidden = !words.every(w => row.textContent.toLowerCase().includes(w));
		});
	}
	begin();
	tick();
	setInterval(tick, 1000);
	look();
})();
