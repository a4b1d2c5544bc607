// Pages stay true by themselves: the server says "change", we fetch the page again and put the new regions in place of the old.
// Every page works without this file.

const source = document.body.dataset.stream;
let stream, fetching = false, again = false;

function regions(root) {
  return [...root.querySelectorAll("[data-live][id]")].filter((e) => !e.parentElement.closest("[data-live]"));
}

// typing: somebody writes, records, plays or picks here; this region waits.
function busy(region) {
  const active = document.activeElement;
  if (region.querySelector("[data-busy]")) return true;
  if ([...region.querySelectorAll("audio, video")].some((m) => !m.paused && !m.ended)) return true;
  return region.contains(active) && active.matches("input:not([type=button]), textarea, select") && active.value !== active.defaultValue;
}

// pathOf finds an element again in the new region: by id, else by its place.
function pathOf(region, element) {
  const steps = [];
  for (let e = element; e && e !== region; e = e.parentElement) {
    steps.unshift(e.id ? { id: e.id } : { at: [...e.parentElement.children].indexOf(e), tag: e.tagName });
    if (e.id) break;
  }
  return steps;
}

function follow(region, steps) {
  let e = region;
  for (const s of steps) {
    e = s.id ? document.getElementById(s.id) : e.children[s.at];
    if (!e || (s.tag && e.tagName !== s.tag)) return null;
  }
  return e;
}

// keep notes what the reader has done to a region: focus, open details, scrolled boxes.
function keep(region) {
  const active = region.contains(document.activeElement) ? pathOf(region, document.activeElement) : null;
  const opened = [...region.querySelectorAll("details")].map((d) => [pathOf(region, d), d.open]);
  const scrolled = [...region.querySelectorAll("[data-scroll], [tabindex]")].filter((e) => e.scrollTop).map((e) =>
    [pathOf(region, e), e.scrollTop, e.scrollHeight - e.clientHeight - e.scrollTop < 24]);
  return (fresh) => {
    for (const [p, open] of opened) { const d = follow(fresh, p); if (d) d.open = open; }
    for (const [p, top, atEnd] of scrolled) { const e = follow(fresh, p); if (e) e.scrollTop = atEnd ? e.scrollHeight : top; }
    if (active) follow(fresh, active)?.focus({ preventScroll: true });
  };
}

function swap(page) {
  document.title = page.title;
  for (const old of regions(document)) {
    const fresh = page.getElementById(old.id);
    if (!fresh || old.outerHTML === fresh.outerHTML) continue;
    if (busy(old)) { setTimeout(refresh, 3000); continue; }
    const restore = keep(old), next = document.adoptNode(fresh);
    next.classList.add("still"); // rings fill once, on load
    old.replaceWith(next);
    restore(next);
  }
  document.dispatchEvent(new CustomEvent("kruzhok:fresh"));
}

export async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", redirect: "follow" });
    if (answer.ok && !answer.redirected) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the next change tries again */ } finally {
    fetching = false;
    if (again) { again = false; refresh(); }
  }
}

// A stream is held only while the page is seen: hidden tabs cost the server nothing.
function listen() {
  if (!source || document.hidden || stream) return;
  stream = new EventSource(source);
  stream.addEventListener("change", refresh);
  stream.addEventListener("full", () => { stream.close(); stream = null; setTimeout(() => { refresh(); listen(); }, 30000); });
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) { refresh(); listen(); return; }
  stream?.close();
  stream = null;
});
if (source) listen();
