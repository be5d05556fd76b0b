// data-menu: a <details> drop-down that closes on Escape and when the focus or a click goes elsewhere.
(() => {
  const others = (target) => [...document.querySelectorAll("details[data-menu][open]")].filter((menu) => !menu.contains(target));
  const close = (event) => { for (const menu of others(event.target)) menu.open = false; };
  document.addEventListener("click", close);
  document.addEventListener("focusin", close);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
})();
