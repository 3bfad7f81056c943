// The page viewer: Copy takes the Markdown exactly as the file holds it.

const button = document.querySelector("[data-copy]");
if (button) {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.textContent = (await copy(button.dataset.copy)) ? "Copied" : insteadOfCopying();
    setTimeout(() => (button.textContent = words), 2000);
  });
}

// The clipboard takes nothing that comes later than a moment after the click, so it is given the
// promise of a text.
async function copy(address) {
  try {
    const text = fetch(address).then(async (answer) => {
      if (!answer.ok) throw new Error(answer.statusText);
      return new Blob([await answer.text()], { type: "text/plain" });
    });
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    return true;
  } catch {
    return false;
  }
}

// The clipboard is there on https and localhost only; elsewhere what is shown is selected instead.
function insteadOfCopying() {
  const source = document.getElementById("markdown");
  if (!source) return "Copy it in the view Markdown";
  getSelection().selectAllChildren(source);
  source.focus();
  return "Press Ctrl+C to copy";
}
