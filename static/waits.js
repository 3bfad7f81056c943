// Why a crawl stands still: asked for when nothing has happened for a moment, and as long as there
// is an answer. A crawl that gets on costs its viewers no request.

(() => {
  "use strict";

  const LOOK_MS = 2_000;
  const root = document.getElementById("job");
  let seen = root.dataset.lastEventId;

  setInterval(() => {
    const waits = document.getElementById("waits");
    const stands = root.dataset.lastEventId === seen && root.dataset.jobStatus === "running";
    seen = root.dataset.lastEventId;
    if (!waits || document.hidden) return;
    if (stands || waits.querySelector("li")) htmx.trigger(waits, "look");
  }, LOOK_MS);
})();
