// The board of a server: it follows the stream, and changes without moving what is read.
const TITLE = document.title;
let unseen = 0;
let alerts = false;
const count = () => { document.title = unseen ? `(${unseen}) ${TITLE}` : TITLE; };
const beep = () => {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  tone.connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.15);
  tone.onended = () => audio.close();
};
const notify = (fresh) => {
  const chosen = fresh.filter((story) => story.cls === "critical" || story.cls === "high");
  if (!alerts || !chosen.length) return;
  beep();
  for (const story of chosen.slice(0, 3)) new Notification(`${name(story)}: ${story.event}, ${story.stage}`, { body: story.title, tag: story.id });
};
const askToNotify = async () => {
  alerts = !alerts && "Notification" in window && (await Notification.requestPermission()) === "granted";
  $("notify").setAttribute("aria-pressed", alerts);
  say(alerts ? "Notifications and a tone for critical and high stories are on." : "Notifications are off.");
};

// Replaces a part of the page. What is focused or scrolled within it stays.
const replace = (old, part) => {
  const left = old.querySelector(".days")?.scrollLeft ?? 0;
  const chosen = old.contains(document.activeElement) && document.activeElement.dataset.id;
  old.replaceWith(part);
  const days = part.querySelector(".days");
  if (days) days.scrollLeft = left;
  if (chosen) part.querySelector(`[data-id="${chosen}"]`)?.focus({ preventScroll: true });
};

// Replaces what the server has written anew, and draws the list.
const renew = (next) => {
  const before = new Map(stories.map((story) => [story.id, story.changed]));
  page = JSON.parse(next.getElementById("data").textContent);
  stories = page.rows.map(read);
  byId = index();
  const fresh = stories.filter((story) => !before.has(story.id) || before.get(story.id) < story.changed);
  for (const story of fresh) ofLook.add(story.id);
  const open = $("source-list")?.open;
  for (const id of ["dates", "watch", "sources", "figures"]) {
    const part = next.getElementById(id);
    if ($(id) && part) replace($(id), part);
  }
  if ($("source-list")) $("source-list").open = !!open;
  const spans = [...next.querySelectorAll("#status > span")];
  [...document.querySelectorAll("#status > span")].forEach((span, at) => { if (spans[at]) span.replaceWith(spans[at]); });
  const focused = document.activeElement?.closest?.("#list .story")?.id;
  const top = scrollY > 0 && rows().find((row) => row.getBoundingClientRect().top >= 0);
  const place = top && { id: top.id, y: top.getBoundingClientRect().top };
  draw(drawn + fresh.length);
  showPane();
  showTab();
  times();
  if (focused) $(focused)?.querySelector(".open").focus({ preventScroll: true });
  if (place && $(place.id)) scrollBy(0, $(place.id).getBoundingClientRect().top - place.y);
  for (const story of fresh) $(`row-${story.id}`)?.classList.add("fresh");
  if (document.hidden) unseen += fresh.length;
  count();
  if (fresh.length) say(`${storyCount(fresh.length)} new or changed`);
  notify(fresh);
};
const fetchPage = async () => {
  const response = await fetch(location.pathname, { headers: { accept: "text/html" } });
  // The session has ended: the server asks for a token.
  if (response.redirected) return location.reload();
  if (!response.ok) throw new Error(`status ${response.status}`);
  renew(new DOMParser().parseFromString(await response.text(), "text/html"));
};

// Events of one cycle come together: one request answers them.
const TOGETHER_MS = 250;
const AGAIN_MS = 3e3;
let waits = 0;
const soon = (delay = TOGETHER_MS) => {
  if (waits) return;
  waits = setTimeout(() => {
    waits = 0;
    fetchPage().catch(() => soon(AGAIN_MS));
  }, delay);
};
const follow = () => {
  const stream = new EventSource("api/v1/stream");
  let newest = null;
  stream.addEventListener("hello", (event) => {
    const { newest: now } = JSON.parse(event.data);
    // What came while the page was loaded or the connection was lost.
    if (now !== newest) soon();
    newest = now;
  });
  for (const kind of ["story", "update", "cycle", "reset"]) {
    stream.addEventListener(kind, (event) => {
      newest = Number(event.lastEventId);
      soon();
    });
  }
  stream.addEventListener("open", () => { $("link").textContent = ""; });
  stream.addEventListener("error", () => {
    $("link").textContent = "Connection lost, trying again.";
    // A browser gives up after an answer such as 503 or 429.
    if (stream.readyState !== EventSource.CLOSED) return;
    soon(AGAIN_MS);
    setTimeout(follow, AGAIN_MS);
  });
};
const live = () => {
  $("status").append(node("strong", { id: "link", role: "status" }));
  $("keys").append(node("button", { type: "button", id: "notify", "aria-pressed": "false" }, "Notify me"));
  $("notify").addEventListener("click", askToNotify);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) unseen = 0;
    count();
  });
  follow();
};
