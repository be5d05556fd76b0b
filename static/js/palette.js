// The command palette: Ctrl-K or Cmd-K opens it, arrows move, Enter goes, Escape closes. The server finds the places;
// without script the same is a page of its own.
(() => {
  const dialog = document.querySelector("dialog[data-palette]");
  const field = dialog?.querySelector("input");
  const list = dialog?.querySelector("#palette-places");
  if (!field) return;
  let opening = false;
  const links = () => [...list.querySelectorAll("a")];
  const go = () => {
    const first = links()[0];
    if (first) first.click(); else location.href = `${dialog.dataset.palette}?${new URLSearchParams({ q: field.value })}`;
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) { dialog.close(); return; }
      if (document.querySelector("dialog[open]")) return;
      dialog.showModal();
      field.select();
      field.dispatchEvent(new CustomEvent("palette"));
      return;
    }
    if (!dialog.open) return;
    const all = links();
    const place = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && all[place + 1]) { event.preventDefault(); all[place + 1].focus(); }
    else if (event.key === "ArrowUp" && place >= 0) { event.preventDefault(); (all[place - 1] ?? field).focus(); }
  });
  list.addEventListener("htmx:afterSwap", (event) => {
    list.dataset.answered = new URL(event.detail.xhr.responseURL).searchParams.get("q") ?? "";
    if (opening && list.dataset.answered === field.value) { opening = false; go(); }
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (list.dataset.answered === field.value) go(); else opening = true;
  });
  field.addEventListener("input", () => { opening = false; });
})();
