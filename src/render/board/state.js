// Data, filters of the address, and what was seen.
const $ = (id) => document.getElementById(id);
let page = JSON.parse($("data").textContent);
const text = (at) => (at === null || at === undefined ? null : page.texts[at]);
const address = (value, own) => (value === 1 ? own : { href: typeof value === "string" && /^https?:\/\//.test(value) ? value : null, shown: Array.isArray(value) ? value[0] : "" });

// A story from its row; the order is that of `head` and `detail` in data.rs.
const read = (row) => {
  const [id, heard, changed, cls, event, stage, flags, score, project, token, date, title, url, outlets, sources, more] = row;
  const link = address(url);
  const story = {
    id, title, link, score, token, date, outlets, heard: page.at - heard, changed: page.at - changed,
    cls: page.classes[cls], event: page.events[event], stage: page.stages[stage],
    watched: !!(flags & 1), official: !!(flags & 2), rumour: !!(flags & 4), paid: !!(flags & 8),
    project: text(project), sources: sources.map(text), more: null,
  };
  if (more) {
    const [snippet, independent, venue, chain, lang, cautions, pros, cons, dates, mentions, sent] = more;
    const reason = ([points, words]) => ({ points, words: text(words) });
    story.more = {
      snippet, independent, venue, chain, lang, cautions, pros: pros.map(reason), cons: cons.map(reason),
      dates: dates.map(([ago, day]) => ({ at: page.at - ago, day })),
      mentions: mentions.map(([ago, source, words, url, flags]) => ({
        at: page.at - ago, source: text(source), title: words || title, link: address(url, link), official: !!(flags & 1), rumour: !!(flags & 2),
      })),
      sent: sent.map(([channel, state, ago]) => ({ channel: text(channel), state: page.states[state], at: page.at - ago })),
    };
  }
  return story;
};
let stories = page.rows.map(read);
const index = () => new Map(stories.map((story) => [story.id, story]));
let byId = index();

// Storage may be refused, as for some files: then marks last as long as the page is open.
const storage = (kind) => ({
  get: (key) => { try { return JSON.parse(window[kind].getItem(key)); } catch { return null; } },
  set: (key, value) => { try { window[kind].setItem(key, JSON.stringify(value)); } catch { /* not kept */ } },
});
const kept = storage("localStorage");
const tab = storage("sessionStorage");
const KEY = `tge-scrape ${location.pathname}`;
// Minutes without the page after which a visit is a new look.
const PAUSE_MS = 30 * 60e3;
const DAY_S = 86400;

const newLook = (old, at, now) => {
  if (!old) return { since: at - DAY_S, at, used: now, marks: {} };
  const since = now - old.used > PAUSE_MS ? old.at : old.since;
  const marks = Object.fromEntries(Object.entries(old.marks || {}).filter(([id]) => byId.has(id)));
  return { since, at, used: now, marks };
};
const look = newLook(kept.get(KEY), page.at, Date.now());
const keepLook = () => kept.set(KEY, { ...look, used: Date.now() });
// A mark is the time of the change that was seen, or -1 for a story that was marked as new.
const isNew = (story) => {
  const mark = look.marks[story.id];
  return mark === undefined ? story.changed > look.since : mark < story.changed;
};
const setSeen = (story, seen) => {
  look.marks[story.id] = seen ? story.changed : -1;
  keepLook();
};
const allSeen = () => {
  look.since = page.at;
  look.marks = {};
  keepLook();
};

// Filters: `#watched&class=high,critical&q=words&story=ID`.
const FLAGS = ["watched", "new", "today", "figures"];
const LISTS = ["class", "event"];
const WORDS = ["q", "project", "source", "on", "story"];
const parse = (hash) => {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  for (const flag of FLAGS) state[flag] = given.has(flag);
  for (const list of LISTS) state[list] = (given.get(list) || "").split(",").filter(Boolean);
  for (const word of WORDS) state[word] = given.get(word) || "";
  return state;
};
const format = (state) => {
  const parts = FLAGS.filter((flag) => state[flag]);
  for (const list of LISTS) if (state[list].length) parts.push(`${list}=${state[list].join(",")}`);
  for (const word of WORDS) if (state[word]) parts.push(`${word}=${encodeURIComponent(state[word])}`);
  return parts.join("&");
};
let state = parse(location.hash);

const localDay = (seconds) => {
  const at = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
};
const same = (a, b) => a !== null && a.toLowerCase() === b.toLowerCase();
const passes = (story, now) => {
  if (state.watched && !story.watched) return false;
  if (state.new && !isNew(story) && !ofLook.has(story.id)) return false;
  if (state.today && story.date !== localDay(now) && localDay(story.heard) !== localDay(now)) return false;
  if (state.class.length && !state.class.includes(story.cls)) return false;
  if (state.event.length && !state.event.includes(story.event)) return false;
  if (state.project && !same(story.project, state.project)) return false;
  if (state.on && story.date !== state.on) return false;
  if (state.source && !story.sources.some((source) => same(source, state.source))) return false;
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  story.words ??= `${story.title} ${story.project || ""} $${story.token || ""} ${story.sources.join(" ")} ${story.id}`.toLowerCase();
  return words.every((word) => story.words.includes(word));
};
// Stories of this look come first, also after they were seen: so a reload moves no row.
const ofLook = new Set(stories.filter((story) => story.changed > look.since).map((story) => story.id));
