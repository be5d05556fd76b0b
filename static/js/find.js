// data-find: a field that searches the paths of a revision as one types, in a worker; arrows choose, Enter opens.
(() => {
  const field = document.querySelector("[data-find]");
  const list = document.querySelector("[data-find-list]");
  const said = document.querySelector("[data-find-said]");
  if (!field || !window.Worker) return;
  const worker = new Worker(field.dataset.findWorker);
  let asked = 0;
  let ready = false;
  let opening = false;

  const address = (text, given) => field.dataset.findBlob + (given || text.split("/").map(encodeURIComponent).join("/"));
  const ask = () => { asked++; if (ready) worker.postMessage({ words: field.value, id: asked }); };
  const links = () => [...list.querySelectorAll("a")];

  const draw = ({ rows, total }) => {
    list.replaceChildren(...rows.map(([text, given]) => {
      const link = document.createElement("a");
      link.href = address(text, given);
      link.textContent = text;
      const row = document.createElement("li");
      row.append(link);
      return row;
    }));
    said.textContent = total === 0 ? "No file is called that." : total > rows.length ? `${total.toLocaleString("en")} files, the best ${rows.length} shown.` : `${total} ${total === 1 ? "file" : "files"}.`;
    if (opening) links()[0]?.click();
    opening = false;
  };

  worker.onmessage = ({ data }) => {
    if (data.ready !== undefined) { ready = true; ask(); return; }
    if (data.id === asked) { field.dataset.answered = field.value; draw(data); }
  };
  fetch(field.dataset.find).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
    .then((text) => worker.postMessage({ list: text }), () => { said.textContent = "The list of files could not be loaded. Press Enter to search without it."; });

  field.addEventListener("input", ask);
  field.form.addEventListener("submit", (event) => {
    if (!ready) return;
    event.preventDefault();
    if (field.dataset.answered === field.value || !field.value) links()[0]?.click(); else opening = true;
  });
  document.addEventListener("keydown", (event) => {
    const all = links();
    const place = all.indexOf(document.activeElement);
    if (place < 0 && document.activeElement !== field) return;
    if (event.key === "ArrowDown" && all[place + 1]) { event.preventDefault(); all[place + 1].focus(); }
    if (event.key === "ArrowUp" && place >= 0) { event.preventDefault(); (all[place - 1] ?? field).focus(); }
    if (event.key === "Escape" && place >= 0) { event.preventDefault(); field.focus(); }
  });
})();
