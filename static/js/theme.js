// Runs before the first paint, so that a chosen theme never flashes. Also tells the style sheets that scripts run.
(() => {
  const root = document.documentElement;
  const order = ["system", "light", "dark"];
  const read = () => { try { return localStorage.getItem("theme") ?? "system"; } catch { return "system"; } };
  const apply = (theme) => { if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme; };
  root.dataset.script = "";
  apply(read());

  const label = (button) => {
    const theme = read();
    const next = order[(order.indexOf(theme) + 1) % order.length];
    button.setAttribute("aria-label", `Theme: ${theme}. Change to ${next}.`);
    button.title = `Theme: ${theme}`;
    for (const icon of button.querySelectorAll("[data-theme-icon]")) icon.toggleAttribute("hidden", icon.dataset.themeIcon !== theme);
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      label(button);
      button.addEventListener("click", () => {
        const next = order[(order.indexOf(read()) + 1) % order.length];
        try { localStorage.setItem("theme", next); } catch { /* the choice then lasts for this page only */ }
        apply(next);
        label(button);
      });
    }
  });
})();
