// The live page of a crawl. htmx swaps in what the stream brings; this keeps the promise that
// each event is shown exactly once, whatever happens to the connection. Four guards around
// hx-sse 4.0.1, which by itself
//   1. never tries again when the first connect fails          -> sse-retry, after a pause
//   2. shows again what a server replays                       -> ids not above the last shown drop
//   3. reconnects for ever to a finished crawl                 -> `done` ends it
//   4. doesn't notice a connection that died without a word    -> late heartbeats cut it off
// It is loaded before htmx, so that no message passes unheard.

(() => {
  "use strict";

  const HEARTBEAT_LATE_MS = 15_000;
  const POLL_MS = 15_000;
  const MOST_SHOWN = 300;
  const RATE_WINDOW_MS = 10_000;
  const GAP_AFTER_MS = 1_000;
  const HOPELESS = [400, 401, 403, 404];
  const WORDS = {
    connecting: "connecting",
    "catching-up": "catching up",
    live: "live",
    reconnecting: "connection lost, still trying; nothing is lost",
    ended: "all events shown",
  };

  const byId = (id) => document.getElementById(id);
  const root = byId("job");
  const stream = byId("stream");
  const indicator = byId("stream-state");
  const [thread, urls, failures] = ["thread", "urls", "failures"].map(byId);

  let shown = Number(root.dataset.lastEventId);
  let connection = null;
  let heardAt = performance.now();
  let leaving = false;

  const streamState = () => indicator.dataset.streamState;

  function setStreamState(state) {
    if (streamState() === state) return;
    indicator.dataset.streamState = state;
    indicator.textContent = WORDS[state];
  }

  // ---- what was lost and caught up, as the thread shows it

  const gap = { isOpen: false, mark: null, timer: 0, after: 0, reaches: 0, caughtUp: 0 };

  function openGap() {
    gap.isOpen = true;
    gap.after = shown;
    gap.timer = setTimeout(markGap, GAP_AFTER_MS);
  }

  function markGap() {
    if (gap.mark) return;
    gap.mark = byId("gap-template").content.firstElementChild.cloneNode(true);
    sayGap("Connection lost. Still trying; nothing is lost.");
    const last = thread.querySelector(`[data-event-id="${gap.after}"]`);
    if (last) last.before(gap.mark);
    else thread.append(gap.mark);
  }

  function sayGap(text) {
    gap.mark.querySelector(".knot-text").textContent = text;
  }

  function closeGap() {
    clearTimeout(gap.timer);
    if (!gap.isOpen) return;
    gap.isOpen = false;
    if (gap.caughtUp) markGap();
    if (!gap.mark) return;
    const events = gap.caughtUp === 1 ? "1 event" : `${gap.caughtUp.toLocaleString("en")} events`;
    sayGap(gap.caughtUp ? `Reconnected, ${events} caught up` : "Reconnected, nothing was missed");
    gap.mark.classList.add("gap--closed");
    gap.mark = null;
  }

  function lost() {
    if (streamState() === "reconnecting" || streamState() === "ended") return;
    if (!gap.isOpen) openGap();
    setStreamState("reconnecting");
  }

  function reached() {
    if (shown < gap.reaches) return;
    if (streamState() === "live") return;
    closeGap();
    setStreamState("live");
    root.classList.add("follows");
  }

  // ---- the stream

  function watch() {
    on("htmx:config:request", ({ ctx }) => {
      const url = new URL(ctx.request.action, location.href);
      url.searchParams.set("after", shown);
      ctx.request.action = url.pathname + url.search;
    });
    on("htmx:sse:before:connection", (detail) => {
      connection = detail.connection;
      if (connection.attempt === 0) return;
      lost();
      // htmx moves its cursor before it swaps; what counts is what has been shown.
      connection.lastEventId = String(shown);
    });
    on("htmx:sse:after:connection", () => {
      heardAt = performance.now();
      gap.caughtUp = 0;
      gap.reaches = Infinity;
      setStreamState("catching-up");
    });
    on("stream_connected", ({ data }) => {
      gap.reaches = JSON.parse(data).lastEventId;
      reached();
    });
    on("htmx:sse:before:message", ({ message }, event) => {
      heardAt = performance.now();
      if (!message.event && Number(message.id) <= shown) event.preventDefault();
    });
    on("htmx:sse:after:message", ({ message }) => {
      if (!message.event) show(Number(message.id));
    });
    on("htmx:sse:error", ({ status }) => (HOPELESS.includes(status) ? location.reload() : lost()));
    on("htmx:response:error", ({ ctx }) => {
      if (HOPELESS.includes(ctx.response.status)) location.reload();
    });
    on("htmx:finally:request", () => retry());
    on("htmx:sse:close", ({ reason }) => (reason === "message" ? settle() : retry()));
    setInterval(watchHeartbeat, 1_000);
    addEventListener("online", cut);
    addEventListener("offline", lost);
  }

  function on(name, handle) {
    stream.addEventListener(name, (event) => {
      if (event.target === stream) handle(event.detail, event);
    });
  }

  let retryTimer = 0;

  function retry() {
    if (stream._htmx?.sse || leaving || streamState() === "ended") return;
    lost();
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => {
      if (!stream._htmx?.sse) htmx.trigger(stream, "sse-retry");
    }, 500 + 2_000 * Math.random());
  }

  function watchHeartbeat() {
    const listening = connection?.reader && !document.hidden;
    if (!listening) heardAt = Math.max(heardAt, performance.now() - HEARTBEAT_LATE_MS / 2);
    else if (performance.now() - heardAt > HEARTBEAT_LATE_MS) cut();
  }

  function cut() {
    if (!connection?.reader) return;
    lost();
    connection.reader.cancel();
  }

  function show(id) {
    shown = id;
    root.dataset.lastEventId = id;
    takeStatus();
    tidy();
    measure(thread.querySelector("[data-event-id]"));
    if (streamState() === "catching-up") {
      gap.caughtUp += 1;
      reached();
    }
  }

  function takeStatus() {
    const state = byId("job-state").querySelector("[data-status]");
    root.dataset.jobStatus = state.dataset.status;
  }

  // A URL that is fetched again has one row, the newest; what is mended has left the failures.
  function tidy() {
    const newest = new Map();
    for (const row of [...urls.rows]) {
      if (newest.has(row.dataset.pageId)) row.remove();
      else newest.set(row.dataset.pageId, row.dataset.outcome);
    }
    const failed = new Set();
    for (const row of [...failures.rows]) {
      const id = row.dataset.pageId;
      if (failed.has(id) || (newest.get(id) ?? "failed") !== "failed") row.remove();
      failed.add(id);
    }
    for (const list of [thread, urls, failures]) {
      while (list.childElementCount > MOST_SHOWN) list.lastElementChild.remove();
    }
  }

  // ---- the end

  const isSame = (state) => Number(state.dataset.lastEventId) === shown && "ended" in state.dataset;

  async function read(address) {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (HOPELESS.includes(response.status)) location.reload();
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    const text = await response.text();
    const parsed = new DOMParser().parseFromString(text, "text/html");
    return { text, state: parsed.querySelector("[data-last-event-id]") };
  }

  // After `done` the head is read anew: it says what the crawl left out, and how to go on.
  async function settle() {
    setStreamState("ended");
    try {
      const { text, state } = await read(root.dataset.summary);
      if (!isSame(state)) return location.reload();
      await htmx.swap({ sourceElement: root, target: root, swap: "none", text });
      takeStatus();
      decorate();
      stayReady();
    } catch {
      setTimeout(settle, 3_000);
    }
  }

  // An ended page has no stream; somebody else may resume the crawl all the same.
  function stayReady() {
    const look = async () => {
      if (document.hidden) return;
      const { state } = await read(root.dataset.standing);
      if (!isSame(state)) location.reload();
    };
    const quietly = () => look().catch(() => {});
    setInterval(quietly, POLL_MS);
    document.addEventListener("visibilitychange", quietly);
  }

  // ---- how fast, and how far: the rate, the title and the ring around the knot

  const samples = [];

  function measure(entry) {
    if (!entry) return;
    const sample = { at: Date.parse(entry.dataset.at), pages: Number(entry.dataset.completed) };
    samples.push(sample);
    while (samples[0].at < sample.at - RATE_WINDOW_MS) samples.shift();
  }

  function rateWords() {
    const isFollowing = streamState() === "live" && root.dataset.jobStatus === "running";
    if (!isFollowing || samples.length < 2) return "";
    const [first, last] = [samples[0], samples[samples.length - 1]];
    const silence = performance.now() - heardAt;
    const seconds = Math.max((last.at - first.at + Math.min(silence, RATE_WINDOW_MS)) / 1_000, 1);
    const each = (last.pages - first.pages) / seconds;
    if (each <= 0) return "";
    return each >= 1 ? `${Math.round(each)} pages a second` : `${Math.round(each * 60)} pages a minute`;
  }

  function decorate() {
    byId("rate").textContent = rateWords();
    const bar = document.querySelector(".bar");
    const found = Number(bar.getAttribute("aria-valuemax"));
    const settled = Number(bar.getAttribute("aria-valuenow"));
    const share = found ? settled / found : 0;
    const running = root.dataset.jobStatus === "running";
    document.title = running ? `${Math.floor(100 * share)} % · ${title}` : title;
    const wanted = running ? ring(share) : plainIcon;
    if (icon.href !== wanted) icon.href = wanted;
  }

  const title = document.title;
  const icon = document.querySelector("link[rel=icon]");
  const plainIcon = icon.href;

  function ring(share) {
    const around = 2 * Math.PI * 14;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="4">
      <circle cx="16" cy="16" r="14" stroke="#c8323a" stroke-opacity=".25"/>
      <circle cx="16" cy="16" r="14" stroke="#c8323a" stroke-dasharray="${Math.round(share * around)} ${around}"
        transform="rotate(-90 16 16)"/><circle cx="16" cy="16" r="5" fill="#c8323a"/></svg>`;
    return `data:image/svg+xml,${encodeURIComponent(svg)}`;
  }

  // ----

  byId("as-of").remove();
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  for (const entry of [...thread.querySelectorAll("[data-event-id]")].reverse()) measure(entry);
  if (stream) watch();
  else stayReady();
  setInterval(decorate, 1_000);
})();
