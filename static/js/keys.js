// Keyboard: links and buttons say their own keys in data-key ("g p", "?"), the search field in data-key="/".
(() => {
  let first = "";
  let timer = 0;
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
  const find = (keys) => document.querySelector(`[data-key="${CSS.escape(keys)}"]`);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const keys = first ? `${first} ${event.key}` : event.key;
    const target = find(keys);
    first = "";
    clearTimeout(timer);
    if (target) {
      event.preventDefault();
      if (target.matches("input")) { target.focus(); target.select(); } else target.click();
    } else if (event.key === "g") {
      first = "g";
      timer = setTimeout(() => { first = ""; }, 1500);
    }
  });
})();
