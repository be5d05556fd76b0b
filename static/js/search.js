// data-suggest="address": a search field that offers operators and their values while one types. Arrows choose, Enter or
// Tab takes, Escape closes. The server says what to offer; without script the field is a plain one.
(() => {
  const form = document.querySelector("form[data-suggest]");
  const field = form?.querySelector("input[type=search]");
  if (!field) return;
  const list = document.createElement("ul");
  Object.assign(list, { id: "search-offers", className: "suggest", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What can stand here");
  form.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) field.setAttribute(name, value);
  let timer = 0;
  let asked = 0;
  let start = 0;
  let chosen = -1;

  const rows = () => [...list.children];
  const close = () => { list.hidden = true; chosen = -1; asked++; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const choose = (place) => {
    const all = rows();
    chosen = (place + all.length) % all.length;
    all.forEach((row, index) => row.setAttribute("aria-selected", String(index === chosen)));
    field.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };
  const take = (row) => {
    const behind = field.value.slice(field.selectionStart).trimStart();
    const before = field.value.slice(0, start) + row.dataset.text;
    field.value = before + behind;
    field.setSelectionRange(before.length, before.length);
    close();
    field.focus();
    ask();
  };
  const draw = (found) => {
    start = found.start;
    list.replaceChildren(...found.offers.map((offer, index) => {
      const row = document.createElement("li");
      Object.assign(row, { id: `search-offer-${index}` });
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.dataset.text = offer.text;
      const text = document.createElement("span");
      text.textContent = offer.text;
      const words = document.createElement("small");
      words.textContent = offer.words;
      row.append(text, words);
      return row;
    }));
    chosen = -1;
    list.hidden = !found.offers.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
  };
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const address = `${form.dataset.suggest}?${new URLSearchParams({ q: field.value, at: field.selectionStart })}`;
      const answer = await fetch(address).catch(() => null);
      if (!answer?.ok || mine !== asked || document.activeElement !== field) return;
      const found = await answer.json();
      if (mine === asked) draw(found);
    }, 120);
  };

  field.addEventListener("input", ask);
  field.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const row = event.target.closest("li"); if (row) take(row); });
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen < 0 ? -1 : chosen - 1); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) { event.preventDefault(); take(rows()[chosen]); }
  });
})();
