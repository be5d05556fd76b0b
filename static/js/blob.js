// Lines of a file: #L10 and #L10-L20 by click and shift-click, wrapping, copying, going to a line.
(() => {
  const range = () => location.hash.match(/^#L(\d+)(?:-L?(\d+))?$/);
  const wraps = () => { try { return localStorage.getItem("wrap") === "1"; } catch { return false; } };

  function mark(scroll) {
    document.querySelectorAll(".lines .on").forEach((line) => line.classList.remove("on"));
    const found = range();
    if (!found) return;
    const [from, to] = [Number(found[1]), Number(found[2] || found[1])].sort((a, b) => a - b);
    for (let n = from; n <= to; n++) {
      const line = document.getElementById(`L${n}`);
      if (!line) break;
      line.classList.add("on");
    }
    if (scroll) document.getElementById(`L${from}`)?.scrollIntoView({ block: "center" });
  }

  function wrap(on) {
    document.querySelectorAll(".lines").forEach((lines) => lines.classList.toggle("wrapped", on));
    document.querySelector("[data-wrap]")?.setAttribute("aria-pressed", String(on));
  }

  function goTo(hash) {
    history.replaceState(history.state, "", hash);
    mark(false);
  }

  async function copy(button) {
    const rows = document.querySelectorAll(".lines code > span");
    const text = Array.from(rows, (row) => row.textContent.slice(row.firstChild.textContent.length)).join("");
    const said = button.querySelector("[data-copy-said]");
    const words = button.querySelector("[data-copy-words]");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = words.textContent = "Copied";
    } catch {
      said.textContent = words.textContent = "Not allowed";
    }
    setTimeout(() => { words.textContent = "Copy"; said.textContent = ""; }, 2000);
  }

  document.addEventListener("click", (event) => {
    const number = event.target.closest(".lines code > span > a:first-child");
    if (number && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const found = range();
      const id = number.parentElement.id;
      goTo(event.shiftKey && found ? `#L${found[1]}-${id}` : `#${id}`);
    }
    if (event.target.closest("[data-wrap]")) {
      const on = !wraps();
      try { localStorage.setItem("wrap", on ? "1" : "0"); } catch { /* private window: for this page only */ }
      wrap(on);
    }
    const button = event.target.closest("[data-copy-lines]");
    if (button) copy(button);
  });

  document.addEventListener("submit", (event) => {
    const input = event.target.querySelector?.("[data-go-line]");
    if (!input) return;
    event.preventDefault();
    if (/^\d+$/.test(input.value)) { goTo(`#L${Number(input.value)}`); mark(true); input.blur(); }
  });

  addEventListener("hashchange", () => mark(true));
  // Lines with colours take the place of marked ones; htmx gives them their own classes only when they settle.
  document.addEventListener("htmx:afterSettle", () => { mark(false); wrap(wraps()); });
  wrap(wraps());
  mark(true);
})();
