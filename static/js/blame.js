// Blame comes in parts: #L900 in the address opens the part that has the line.
(() => {
  const blame = document.querySelector("[data-blame-lines]");
  const open = () => {
    const line = Number(location.hash.match(/^#L(\d+)/)?.[1] ?? 0);
    if (!line || line > Number(blame.dataset.blameLines) || document.getElementById(`L${line}`)) return;
    const address = new URL(location.href);
    address.searchParams.set("page", Math.ceil(line / Number(blame.dataset.blamePart)));
    location.replace(address);
  };
  if (!blame) return;
  addEventListener("hashchange", open);
  open();
})();
