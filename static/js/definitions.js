// Alt-click on a name in the code: where it is defined, in all projects.
document.addEventListener("click", (event) => {
  const code = event.target.closest("[data-definitions]");
  if (!event.altKey || !code) return;
  const place = document.caretRangeFromPoint
    ? document.caretRangeFromPoint(event.clientX, event.clientY)
    : document.caretPositionFromPoint(event.clientX, event.clientY);
  const node = place && (place.startContainer || place.offsetNode);
  if (!node || node.nodeType !== Node.TEXT_NODE) return;
  const at = place.startOffset ?? place.offset;
  const before = node.data.slice(0, at).match(/[\p{L}\p{N}_$]*$/u)[0];
  const name = before + node.data.slice(at).match(/^[\p{L}\p{N}_$]*/u)[0];
  if (!name || /^\d/.test(name)) return;
  event.preventDefault();
  location.assign(`${code.dataset.definitions}?type=symbols&q=${encodeURIComponent(`"${name}"`)}`);
});
