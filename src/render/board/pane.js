// The details of one story: beside the list, or below its row where there is no space.
const wide = matchMedia("(min-width: 1000px)");
const part = (title, ...children) => [node("h3", {}, title), ...children];
const command = (words) => {
  const code = node("code", {}, words);
  return node("p", { className: "command" }, code, node("button", { type: "button", "data-copy": words, "aria-label": `Copy: ${words}` }, "Copy"));
};
const CAUTIONS = {
  bait: "It asks readers to connect a wallet or to send something, and does not come from the project.",
  look_alike: "Its address or account is spelled nearly like the project's, and is not the project's.",
};
const STATES = { queued: "waits for its time", bound: "being sent", delivered: "sent", given_up: "could not be sent" };
const reasons = (list) => node("ul", { className: "reasons" }, list.map(({ points, words }) => node("li", {}, node("b", {}, points > 0 ? `+${points}` : `−${-points}`), ` ${words}`)));

const facts = (story) => {
  const more = story.more;
  const said = story.date ? `${dateWords(story.date)}${story.official ? "" : ", not official"}` : "no date";
  const lines = [
    ["class", `${story.cls}, score ${story.score} of 100`],
    ["date", said],
    ["outlets", more && more.independent > 1 ? `${story.outlets}, ${more.independent} in their own words` : `${story.outlets}`],
  ];
  if (more && more.venue) lines.push(["venue", more.venue]);
  if (more && more.chain) lines.push(["chain", more.chain]);
  if (more && more.lang) lines.push(["language", more.lang]);
  if (story.rumour) lines.push(["rumour", "no source commits itself"]);
  if (story.paid) lines.push(["paid", "a press-release wire or a sponsored text"]);
  return node("dl", {}, lines.map(([key, value]) => node("div", {}, node("dt", {}, key), node("dd", {}, value))));
};
const details = (story) => {
  const more = story.more;
  const id = story.id;
  if (!more) return [node("p", { className: "empty" }, "The details of this older story are not on the page: ", node("code", {}, `tge-scrape show ${id}`))];
  const out = [];
  if (more.cautions.length) out.push(part("Cautions", node("ul", { className: "cautions" }, more.cautions.map((caution) => node("li", {}, CAUTIONS[caution] || caution)))));
  if (more.snippet) out.push(node("p", { className: "snippet" }, more.snippet));
  if (more.dates.length > 1) {
    out.push(part("Dates", node("ol", {}, more.dates.map(({ at, day }, index) => node("li", {}, `${dateWords(day)}, ${index ? "changed" : "first named"} `, stamp(at, moment(at)))))));
  }
  out.push(part("Mentions", node("ol", { className: "mentions" }, more.mentions.map((mention, index) => node("li", {},
    stamp(mention.at, moment(mention.at)), " ", node("b", {}, mention.source), index ? "" : " first", mention.official ? ", official" : "", mention.rumour ? ", rumour" : "", node("br"),
    anchor(mention.link, mention.title, {}))))));
  out.push(part("Reasons for", more.pros.length ? reasons(more.pros) : node("p", { className: "note" }, "none stored")));
  out.push(part("Reasons against", more.cons.length ? reasons(more.cons) : node("p", { className: "note" }, "none")));
  out.push(part("Alerts", more.sent.length
    ? node("ul", {}, more.sent.map(({ channel, state, at }) => node("li", {}, `${channel}: ${STATES[state] || state}, `, stamp(at, moment(at)))))
    : node("p", { className: "note" }, "No channel was notified.")));
  return out;
};
const fillPane = (story) => {
  $("pane").replaceChildren(
    node("header", {},
      node("h2", { id: "pane-title" }, story.watched ? "* " : "", `${name(story)}: ${story.event}, ${story.stage}`),
      node("button", { type: "button", "data-close": true }, "Close")),
    node("p", { className: "headline" }, anchor(story.link, story.title, {})),
    facts(story),
    ...details(story).flat(),
    ...part("Is it a launch?", command(`tge-scrape label ${story.id} yes`), command(`tge-scrape label ${story.id} no`)),
    ...part("More", command(`tge-scrape show ${story.id}`), command(`tge-scrape explain ${story.id}`)));
};

const rowFor = (id) => {
  const at = listed.findIndex((story) => story.id === id);
  if (at < 0) return null;
  if (at >= drawn) drawMore(at - drawn + STEP);
  return $(`row-${id}`);
};
// Shows the story of the state, or closes the pane.
const showPane = () => {
  const pane = $("pane");
  const story = byId.get(state.story);
  for (const open of document.querySelectorAll("#list [aria-expanded=true]")) open.setAttribute("aria-expanded", "false");
  document.querySelector("#list .current")?.classList.remove("current");
  pane.hidden = !state.story;
  document.body.classList.toggle("with-pane", !!state.story);
  document.querySelector(".columns").append(pane);
  if (!state.story) return;
  if (!story) {
    pane.replaceChildren(node("p", { className: "empty" }, `The story ${state.story} is not on this page.`), node("button", { type: "button", "data-close": true }, "Close"));
    return;
  }
  fillPane(story);
  const row = rowFor(story.id);
  if (row) {
    row.classList.add("current");
    row.querySelector(".open").setAttribute("aria-expanded", "true");
    if (!wide.matches) row.append(pane);
  }
  if (isNew(story)) {
    setSeen(story, true);
    refreshMarks();
  }
};
