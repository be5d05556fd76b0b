// Code and tables of a README that are wider than the page can be scrolled from the keyboard too.
(() => {
  const set = () => {
    for (const box of document.querySelectorAll(".prose pre, .prose table")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  set();
  addEventListener("resize", set);
})();
