// The page viewer: Copy takes the Markdown exactly as the file holds it.

const button = document.querySelector("[data-copy]");
if (button) {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    button.textContent = (await copy(source)) ? "Copied" : "Press Ctrl+C to copy";
    setTimeout(() => (button.textContent = words), 2000);
  });
}

// The clipboard is there on https and localhost only; elsewhere the text is selected instead.
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    source.focus();
    return false;
  }
}
