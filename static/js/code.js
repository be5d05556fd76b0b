// Code pages. data-permalink: a link that replaces the address by the one with the commit's id, keeping the marked lines.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-permalink]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(history.state, "", link.href + location.hash);
  const said = document.querySelector("[data-permalink-said]");
  if (said) said.textContent = "The address now holds the commit, so it will always show this.";
});
