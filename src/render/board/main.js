// Start: draws the page for its address, keeps it up to date, and loads it again where it is rewritten.
const apply = (next) => {
  const before = state;
  state = next;
  const filters = (of) => format({ ...of, story: "", figures: false });
  if (filters(before) !== filters(next)) draw();
  for (const button of document.querySelectorAll("#filters [aria-pressed]")) {
    const { flag, list, value } = button.dataset;
    button.setAttribute("aria-pressed", flag ? state[flag] : state[list].includes(value));
  }
  if ($("find").value !== state.q) $("find").value = state.q;
  showPane();
  showTab();
};
const showTab = () => {
  $("launches").hidden = state.figures;
  $("figures").hidden = !state.figures;
  for (const link of document.querySelectorAll("#tabs a")) {
    const current = (link.hash === "#figures") === state.figures;
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
// A board without a cycle for three intervals and half an hour, or a page of another day, is old.
const LATE_S = 1800;
const age = (now) => {
  if (!page.reload) return now - page.at > DAY_S ? `This page is ${rough(now - page.at)} old.` : "";
  const silent = page.cycle && page.every ? now - page.cycle : 0;
  return silent > Math.max(LATE_S, 3 * page.every) ? `No cycle for ${rough(silent)}: check cron, or run tge-scrape doctor.` : "";
};
const times = () => {
  const now = Date.now() / 1000;
  $("written").textContent = `${moment(page.at)} ${zone()}`;
  $("late").textContent = age(now);
  if (page.cycle) $("cycle").textContent = now - page.cycle < 60 ? "less than a minute ago" : `${rough(now - page.cycle)} ago`;
  for (const row of rows()) row.querySelector(".heard time").textContent = rough(nowS() - row.story.heard);
  const today = localDay(now);
  for (const day of document.querySelectorAll(".day")) day.classList.toggle("today", day.dataset.day === today);
};

// Place and open parts outlast the reload of a board.
const PLACE = `${KEY} place`;
const keepPlace = () => tab.set(PLACE, {
  at: Date.now(), y: scrollY, drawn, cursor,
  open: [...document.querySelectorAll("details")].flatMap((details, at) => (details.open ? [at] : [])),
});
const restorePlace = () => {
  const place = tab.get(PLACE);
  const again = performance.getEntriesByType("navigation")[0]?.type === "reload";
  return again && place && Date.now() - place.at < 15e3 ? place : null;
};
const busy = () => {
  const typing = document.activeElement && document.activeElement.matches("input");
  return document.hidden || typing || $("help").open || !!String(getSelection());
};
const reload = () => {
  if (busy()) setTimeout(reload, 5e3);
  else location.reload();
};

const place = restorePlace();
$("filters").hidden = false;
$("keys").hidden = false;
document.body.append(node("p", { id: "said", role: "status", className: "toast" }));
$("status").append(node("strong", { id: "late", role: "status" }));
document.body.classList.add("live");
const roomy = matchMedia("(min-width: 701px)").matches;
$("facets").open = roomy;
if ($("source-list")) $("source-list").open = roomy;
if (place) [...document.querySelectorAll("details")].forEach((details, at) => { details.open = place.open.includes(at); });
draw(place ? place.drawn : 0);
apply(state);
times();
if (place) {
  history.scrollRestoration = "manual";
  cursor = place.cursor;
  const row = cursor && $(`row-${cursor}`);
  if (row) {
    row.classList.add("cursor");
    row.querySelector(".open").focus({ preventScroll: true });
  }
  scrollTo(0, place.y);
}
keepLook();

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("find").addEventListener("input", () => go({ q: $("find").value.trim() }, false));
addEventListener("hashchange", () => apply(parse(location.hash)));
addEventListener("popstate", () => apply(parse(location.hash)));
addEventListener("pagehide", keepPlace);
// All that is new is printed, also what is not drawn yet.
addEventListener("beforeprint", () => drawMore(Math.max(0, ofLook.size - drawn)));
wide.addEventListener("change", showPane);
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) drawMore(STEP); }, { rootMargin: "600px" }).observe($("more"));
setInterval(() => {
  times();
  if (!document.hidden) keepLook();
}, 20e3);
if (page.live) live();
else if (page.reload) setTimeout(reload, page.reload * 1000);
