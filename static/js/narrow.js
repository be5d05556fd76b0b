// data-open-wide: a <details> that stands open on wide screens and starts closed on narrow ones.
// What htmx puts in its place later keeps the state that the reader chose.
(() => {
  const boxes = () => document.querySelectorAll("details[data-open-wide]");
  const wide = matchMedia("(min-width: 53.76rem)");
  let open = wide.matches;
  const set = () => { for (const box of boxes()) box.open = open; };
  set();
  wide.addEventListener("change", () => { open = wide.matches; set(); });
  document.addEventListener("click", (event) => {
    const box = event.target.closest("details[data-open-wide] > summary")?.parentElement;
    if (box) open = !box.open;
  });
  document.addEventListener("htmx:afterSwap", set);
})();
