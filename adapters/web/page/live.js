// Tells times in the reader's own zone with UTC beside, and keeps the page up to date.
"use strict";

const main = document.getElementById("main");
const BEAT = 15000; // the server says something at least so often

// --- times ---------------------------------------------------------------------------------------

const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(undefined, hours);
const inUtc = new Intl.DateTimeFormat(undefined, { ...hours, timeZone: "UTC" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

function tellTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    let text = `${length((now - at) / 1000)} ago`;
    if (time.dataset.style !== "ago") {
      const far = time.dataset.style === "date" || Math.abs(now - at) > 20 * 3600e3;
      const beside = at.getTimezoneOffset() ? ` (${inUtc.format(at)} UTC)` : " UTC";
      text = `${far ? `${day.format(at)}, ` : ""}${clock.format(at)}${beside}`;
    }
    if (time.textContent !== text) time.textContent = text;
  }
}

function length(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.max(0, Math.round(seconds))} s`;
  if (minutes < 100) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

// --- changes -------------------------------------------------------------------------------------

const state = document.getElementById("live");
const folded = new Map(); // what the reader opened or closed, by id
let source, heardAt, retry;
let pause = 1000;

function connect() {
  clearTimeout(retry);
  source?.close();
  heardAt = Date.now();
  source = new EventSource(`${main.dataset.live}?seen=${main.dataset.version}`);
  source.addEventListener("state", (event) => hear(event, show));
  source.addEventListener("beat", (event) => hear(event, ({ moments }) => setMoments(moments)));
  source.onerror = lose;
}

function hear(event, use) {
  use(JSON.parse(event.data), event.lastEventId);
  heardAt = Date.now();
  pause = 1000;
  tell("Live: changes show by themselves.", false);
}

function lose() {
  source.close();
  if (!state.classList.contains("lost")) {
    tell(`Not live since ${clock.format(new Date())}: what you see may be old. Trying again.`, true);
  }
  clearTimeout(retry);
  retry = setTimeout(connect, pause * (0.5 + Math.random()));
  pause = Math.min(2 * pause, 30000);
}

function tell(text, isLost) {
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("lost", isLost);
}

function show(news, version) {
  const before = main.querySelector("h1")?.textContent;
  const held = main.contains(document.activeElement) && nameOf(document.activeElement);
  main.innerHTML = news.main;
  main.dataset.version = version;
  for (const [id, isOpen] of folded) {
    const details = document.getElementById(id);
    if (details) details.open = isOpen;
  }
  if (held) [...main.querySelectorAll("a, summary, button")].find((one) => nameOf(one) === held)?.focus({ preventScroll: true });
  document.title = news.title;
  document.querySelector("link[rel=icon]").href = `${document.documentElement.dataset.root}icon/${news.icon}.svg`;
  const said = main.querySelector("h1")?.textContent;
  if (said !== before) document.getElementById("news").textContent = said;
  setMoments(news.moments);
}

function setMoments(moments) {
  main.querySelectorAll("time[data-style=ago]").forEach((time, place) => {
    if (moments[place]) time.dateTime = moments[place];
  });
  tellTimes();
}

function nameOf(element) {
  return [element.closest("details")?.id, element.tagName, element.getAttribute("href"), element.name].join(" ");
}

tellTimes();
setInterval(tellTimes, 1000);
if (main.dataset.live) {
  main.addEventListener("click", (event) => {
    const details = event.target.closest("summary")?.parentElement;
    if (details?.id) folded.set(details.id, !details.open);
  });
  setInterval(() => {
    if (!document.hidden && source.readyState !== EventSource.CLOSED && Date.now() - heardAt > 2.2 * BEAT) lose();
  }, 1000);
  // A browser opens six connections to one place: what nobody looks at keeps none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(retry);
      source.close();
    } else connect();
  });
  connect();
}
