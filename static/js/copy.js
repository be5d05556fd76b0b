// data-copy: a button that copies the text of the element named by its value, and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const said = button.querySelector("[data-copy-said]");
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.dataset.copied = "";
    if (said) said.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    if (said) said.textContent = "Selected: press Ctrl-C to copy";
  }
  setTimeout(() => { delete button.dataset.copied; if (said) said.textContent = ""; }, 2000);
});
