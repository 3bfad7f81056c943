// Small forms of the live page, in a dialog: changed limits, URLs to skip. Each is a page of its
// own, which is what opens without this script, in a new tab, or when it can't be fetched.

(() => {
  "use strict";

  const dialog = document.getElementById("dialog");
  const headers = { "HX-Request": "true" };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    const asksForATab = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
    if (!link || asksForATab) return;
    event.preventDefault();
    open(link.href).catch(() => location.assign(link.href));
  });

  async function open(address) {
    const response = await fetch(address, { headers });
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    show(await response.text());
    dialog.showModal();
  }

  function show(html) {
    dialog.innerHTML = html;
    dialog.querySelector("[data-close]").addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      send(event.target).catch(() => event.target.submit());
    });
    const own = dialog.querySelector("[name=own]");
    const another = dialog.querySelector('[name=rule][value=""]');
    own?.addEventListener("input", () => (another.checked = true));
  }

  // What changed comes as partials for the page; a mistake is told within the form.
  async function send(form) {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", headers, body });
    const text = await response.text();
    if (response.status === 400) return show(text);
    if (!response.ok) throw new Error(`${form.action}: ${response.status}`);
    dialog.close();
    const root = document.getElementById("job");
    await htmx.swap({ sourceElement: root, target: root, swap: "none", text });
  }
})();
