// The list of stories, drawn in steps.
const STEP = 80;
const node = (tag, properties, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

const nowS = () => Math.max(page.at, Date.now() / 1000);
const rough = (seconds) => {
  if (seconds < 60) return "now";
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / DAY_S)} days`;
};
const DAY = { weekday: "short", day: "numeric", month: "short" };
const CLOCK = { hour: "2-digit", minute: "2-digit" };
const dayOf = (seconds) => new Date(seconds * 1000).toLocaleDateString("en-GB", DAY);
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", CLOCK);
const moment = (seconds) => `${dayOf(seconds)} ${clock(seconds)}`;
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
const stamp = (seconds, words) => node("time", { dateTime: new Date(seconds * 1000).toISOString(), title: moment(seconds) }, words);
// `2026-12-01` as `Tue 1 Dec`; less exact dates in words.
const dateWords = (date) => {
  if (!date) return "";
  const [year, part, day] = date.split("-");
  if (day) return new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", { ...DAY, timeZone: "UTC" });
  if (!part) return year;
  if (part.startsWith("Q")) return `${part} ${year}`;
  return new Date(`${date}-15T12:00:00Z`).toLocaleDateString("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
};
const name = (story) => [story.project, story.token && `$${story.token}`].filter(Boolean).join(" ") || "?";
const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;
const storyCount = (count) => counted(count, "story", "stories");
const hidden = (words) => node("span", { className: "hidden" }, words);
const anchor = (link, words, properties) =>
  link.href
    ? node("a", { href: link.href, target: "_blank", rel: "noreferrer noopener", ...properties }, words)
    : node("span", properties, words, link.shown ? node("code", {}, ` ${link.shown}`) : "");

let listed = [];
let drawn = 0;
let lastGroup = "";

const groupOf = (story, now) => {
  if (ofLook.has(story.id)) return `New since ${localDay(look.since) === localDay(now) ? clock(look.since) : moment(look.since)}`;
  if (localDay(story.heard) === localDay(now)) return "Earlier today";
  return dayOf(story.heard);
};
const mark = (story) => (isNew(story) ? [node("span", { "aria-hidden": "true" }, "●"), hidden("new")] : []);
const rowOf = (story) => {
  const due = dateWords(story.date);
  const row = node("li", { className: `story ${story.cls}`, id: `row-${story.id}` },
    node("span", { className: "dot" }, mark(story)),
    node("span", { className: "heard" }, stamp(story.heard, rough(nowS() - story.heard))),
    node("b", { className: `class ${story.cls}` }, story.cls),
    node("span", { className: "what" }, `${story.event} ${story.stage}${story.rumour ? " (rumour)" : ""}`),
    node("span", { className: story.official ? "date" : "date unsure" }, due),
    node("span", { className: "whose" }, story.watched ? node("span", { title: "on the watch list" }, "* ", hidden("watched ")) : "", name(story)),
    node("span", { className: "headline" }, anchor(story.link, story.title, {})),
    node("span", { className: "outlets" }, counted(story.outlets, "outlet", "outlets")),
    node("button", { type: "button", className: "open", "aria-expanded": "false", "aria-label": `Details: ${name(story)}, ${story.title}` }, "Details"));
  row.story = story;
  return row;
};
const drawMore = (count) => {
  const now = nowS();
  const part = document.createDocumentFragment();
  for (const story of listed.slice(drawn, drawn + count)) {
    const group = groupOf(story, now);
    if (group !== lastGroup) part.append(node("li", { className: "group" }, node("h3", {}, group)));
    lastGroup = group;
    part.append(rowOf(story));
  }
  drawn = Math.min(listed.length, drawn + count);
  $("list").append(part);
  $("more").hidden = drawn >= listed.length;
};

const empty = () => {
  if (!stories.length) return ["No story yet. Run ", node("code", {}, "tge-scrape cycle"), ", then load this page again."];
  const only = state.new && !state.watched && !state.today && !state.class.length && !state.event.length && !state.q && !state.project && !state.source && !state.on;
  if (only) {
    const next = page.cycle && page.every ? page.cycle + page.every - Date.now() / 1000 : 0;
    return [`Nothing new since ${moment(look.since)}.${next > 60 ? ` Next cycle in ${rough(next)}.` : ""}`];
  }
  return ["No story passes these filters. ", node("button", { type: "button", "data-clear": true }, "Clear the filters")];
};

// Draws the list for the filters, at least `least` rows of it.
const draw = (least) => {
  const now = nowS();
  listed = stories.filter((story) => passes(story, now));
  const isFirst = (story) => ofLook.has(story.id);
  listed = [...listed.filter(isFirst), ...listed.filter((story) => !isFirst(story))];
  $("list").replaceChildren();
  [drawn, lastGroup] = [0, ""];
  drawMore(Math.max(STEP, least || 0));
  const filtered = listed.length !== stories.length;
  $("count").replaceChildren(...(listed.length ? [`${filtered ? `${listed.length} of ` : ""}${storyCount(stories.length)}, times in ${zone()}`] : empty()));
  $("new-count").textContent = stories.filter(isNew).length;
  drawAbout();
  const chosen = new Set(listed.map((story) => story.id));
  for (const chip of document.querySelectorAll(".chip")) chip.classList.toggle("off", filtered && !chosen.has(chip.dataset.id));
};

// What is known of the chosen project, source or date.
const drawAbout = () => {
  const about = $("about");
  about.hidden = !state.project && !state.source && !state.on;
  if (about.hidden) return;
  const words = [];
  if (state.project) {
    const tickers = [...new Set(listed.map((story) => story.token).filter(Boolean))].map((token) => `$${token}`);
    const dated = listed.filter((story) => story.date).map((story) => `${story.event} ${dateWords(story.date)}`);
    words.push(node("b", {}, state.project), ` ${tickers.join(" ")}: ${storyCount(listed.length)}`);
    if (dated.length) words.push(`; dates: ${[...new Set(dated)].slice(0, 5).join(", ")}`);
  } else if (state.on) {
    words.push("Date ", node("b", {}, dateWords(state.on)), `: ${storyCount(listed.length)}`);
  } else {
    words.push("Reported by ", node("b", {}, state.source), `: ${storyCount(listed.length)}`);
  }
  about.replaceChildren(...words, " ", node("button", { type: "button", "data-drop": true }, "Show all"));
};
const refreshMarks = () => {
  for (const row of document.querySelectorAll("#list .story")) row.querySelector(".dot").replaceChildren(...mark(row.story));
  $("new-count").textContent = stories.filter(isNew).length;
};
