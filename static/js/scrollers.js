// Code and tables of a README that are wider than the page can be scrolled from the keyboard too; a row of tabs wider than
// the page begins where the current one can be seen.
(() => {
  const set = () => {
    for (const box of document.querySelectorAll(".prose pre, .prose table")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  set();
  addEventListener("resize", set);
  for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
    const row = tab.parentElement;
    row.scrollLeft = tab.offsetLeft + tab.offsetWidth - row.offsetLeft - row.clientWidth;
  }
})();
