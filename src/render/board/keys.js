// Keys and clicks.
let cursor = null;
const rows = () => [...document.querySelectorAll("#list .story")];
const chosen = () => byId.get(state.story) || (cursor && byId.get(cursor)) || null;
const go = (change, push) => {
  const next = { ...state, ...change };
  const hash = `#${format(next)}`;
  // Browsers refuse many changes within seconds, as by a held key; the page follows all the same.
  try {
    if (push) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  } catch { /* the address stays behind */ }
  apply(next);
};
const clear = { watched: false, new: false, today: false, class: [], event: [], q: "", project: "", source: "", on: "" };
const toggled = (list, value) => (list.includes(value) ? list.filter((other) => other !== value) : [...list, value]);

const moveTo = (row) => {
  if (!row) return;
  cursor = row.story.id;
  for (const other of document.querySelectorAll("#list .cursor")) other.classList.remove("cursor");
  row.classList.add("cursor");
  row.querySelector(".open").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (state.story && state.story !== cursor) go({ story: cursor }, false);
};
const move = (by) => {
  const at = listed.findIndex((story) => story.id === (cursor || state.story));
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), listed.length - 1);
  if (listed[next]) moveTo(rowFor(listed[next].id));
};
const project = (by) => {
  const names = [...new Set(stories.filter((story) => story.watched && story.project).map((story) => story.project))].sort((a, b) => a.localeCompare(b, "en"));
  if (!names.length) return;
  const at = names.findIndex((other) => same(other, state.project));
  go({ project: names[at < 0 ? (by > 0 ? 0 : names.length - 1) : (at + by + names.length) % names.length] }, false);
};
let silence = 0;
const say = (words) => {
  $("said").textContent = words;
  clearTimeout(silence);
  silence = setTimeout(() => { $("said").textContent = ""; }, 4e3);
};
const copy = async (words) => {
  try {
    await navigator.clipboard.writeText(words);
    say(`Copied: ${words}`);
  } catch {
    say(`Copy it by hand: ${words}`);
  }
};
const openAll = (story) => {
  const links = [story.link, ...(story.more ? story.more.mentions.map((mention) => mention.link) : [])];
  for (const href of new Set(links.map((link) => link.href).filter(Boolean))) window.open(href, "_blank", "noopener,noreferrer");
};
const toDates = () => {
  go({ figures: false }, false);
  $("dates").scrollIntoView();
  $("dates-title").focus({ preventScroll: true });
};
const escape = () => {
  if (state.story) {
    const row = $(`row-${state.story}`);
    go({ story: "" }, false);
    if (row) moveTo(row);
  } else go(clear, false);
};
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: (story) => story && story.link.href && window.open(story.link.href, "_blank", "noopener,noreferrer"),
  O: (story) => story && openAll(story),
  u: (story) => {
    if (!story) return;
    setSeen(story, isNew(story));
    refreshMarks();
  },
  A: () => {
    allSeen();
    refreshMarks();
    say("All stories are marked as seen.");
  },
  w: () => go({ watched: !state.watched }, false),
  t: () => go({ today: !state.today }, false),
  n: toDates,
  "/": () => {
    go({ figures: false }, false);
    $("find").focus();
  },
  "[": () => project(-1),
  "]": () => project(1),
  y: (story) => story && copy(`tge-scrape label ${story.id} yes`),
  "?": () => $("help").showModal(),
  Escape: escape,
};
const onKey = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const target = event.target;
  if (target.matches("input, textarea, select")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act(chosen());
  } else if (event.key === "Enter" && !target.closest("a, button, summary") && cursor) {
    event.preventDefault();
    go({ story: state.story === cursor ? "" : cursor }, true);
  } else if (/^[1-6]$/.test(event.key)) {
    go({ event: toggled(state.event, page.events[event.key - 1]) }, false);
  }
};

const onClick = (event) => {
  const target = event.target;
  const link = target.closest('a[href^="#"]');
  const button = target.closest("button");
  if (link && !link.matches(".skip")) {
    event.preventDefault();
    const asked = new URLSearchParams(link.getAttribute("href").slice(1));
    if (asked.has("figures") || asked.has("launches")) return go({ figures: asked.has("figures") }, true);
    const change = { figures: false };
    for (const word of WORDS) if (asked.get(word)) change[word] = asked.get(word);
    if (!change.story) Object.assign(change, { ...clear, ...change, story: "" });
    go(change, true);
    if (change.story) {
      cursor = change.story;
      (wide.matches && $(`row-${cursor}`) ? $(`row-${cursor}`) : $("pane")).scrollIntoView({ block: "nearest" });
      $("pane").focus({ preventScroll: true });
    } else $("news").scrollIntoView();
  } else if (button) onButton(button);
  else {
    const row = target.closest("#list .story");
    if (row && !target.closest("a, #pane") && !String(getSelection())) toggleRow(row);
  }
};
const toggleRow = (row) => {
  const id = row.story.id;
  const closes = state.story === id;
  moveTo(row);
  go({ story: closes ? "" : id }, true);
};
const onButton = (button) => {
  const { flag, list, value } = button.dataset;
  if (button.matches(".open")) toggleRow(button.closest(".story"));
  else if (flag) go({ [flag]: !state[flag] }, false);
  else if (list) go({ [list]: toggled(state[list], value) }, false);
  else if ("clear" in button.dataset) go(clear, false);
  else if ("drop" in button.dataset) go({ project: "", source: "", on: "" }, false);
  else if ("close" in button.dataset) escape();
  else if ("copy" in button.dataset) copy(button.dataset.copy);
  else if (button.id === "more") drawMore(STEP);
  else if (button.id === "help-open") $("help").showModal();
};
