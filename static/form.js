// The form for a new crawl: a choice fills in the fields that it means, so that the fields
// always say what will be crawled. The sentence below them comes from the server (htmx).

(() => {
  "use strict";

  const form = document.getElementById("crawl-form");
  form.addEventListener("change", (event) => {
    const choice = event.target;
    if (choice.name !== "what") return;
    form.elements.maxDepth.value = choice.dataset.maxDepth;
    form.elements.scope.value = choice.dataset.scope;
    form.elements.chosen.value = choice.value;
  });
})();
