// Tells times in the reader's own zone, with UTC beside.
"use strict";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const inUtc = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

function tellTimes() {
  const now = new Date();
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (time.dataset.style === "ago") {
      time.textContent = `${length((now - at) / 1000)} ago`;
    } else {
      const far = time.dataset.style === "date" || Math.abs(now - at) > 20 * 3600e3;
      const beside = at.getTimezoneOffset() ? ` (${inUtc.format(at)} UTC)` : " UTC";
      time.textContent = `${far ? `${date.format(at)}, ` : ""}${clock.format(at)}${beside}`;
    }
  }
}

function length(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.max(0, Math.round(seconds))} s`;
  if (minutes < 100) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

tellTimes();
setInterval(tellTimes, 1000);
