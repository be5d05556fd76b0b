// data-open-wide: a <details> that stands open on wide screens and starts closed on narrow ones.
(() => {
  const wide = matchMedia("(min-width: 53.76rem)");
  const set = () => { for (const box of document.querySelectorAll("details[data-open-wide]")) box.open = wide.matches; };
  set();
  wide.addEventListener("change", set);
})();
