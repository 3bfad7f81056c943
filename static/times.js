// Times as the reader's clock shows them, with the exact moment on hover, wherever one appears.
// The server writes UTC, which is what a page without JavaScript shows.

(() => {
  "use strict";

  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

  function ago(moment) {
    const seconds = (moment - Date.now()) / 1000;
    for (const [unit, size] of units) {
      if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
    }
    return "just now";
  }

  function show(element) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) return;
    element.title = exact.format(moment);
    element.textContent = "ago" in element.dataset ? ago(moment) : clock.format(moment);
  }

  function showAll(root, selector) {
    root.querySelectorAll(selector).forEach(show);
  }

  const either = "time[data-clock], time[data-ago]";
  showAll(document, either);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (node.nodeType === Node.ELEMENT_NODE) showAll(node, either);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
  setInterval(() => showAll(document, "time[data-ago]"), 30_000);
})();
