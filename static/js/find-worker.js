// Searches a list of paths; ranks like source/pathlist.py. Takes {list} once, then {words, id}; answers {id, rows, total}.
let paths = [];
const SHOWN = 50;

function spread(text, words) {
  const last = text.lastIndexOf(words[words.length - 1]);
  let place = last;
  for (let index = words.length - 2; index >= 0; index--) {
    if (place <= 0) return -1;
    place = text.lastIndexOf(words[index], place - 1);
  }
  return place < 0 ? -1 : last - place + 1 - words.length;
}

function rank(path, words) {
  const place = path.low.lastIndexOf(words);
  if (place > path.name || (place >= 0 && place === path.name)) {
    const name = path.low.length - path.name;
    const begins = path.low.startsWith(words, path.name);
    return [begins ? (name === words.length ? 0 : 1) : 2, 0];
  }
  if (place >= 0) return [3, 0];
  let gaps = spread(path.low.slice(path.name), words);
  if (gaps >= 0) return [4, gaps];
  gaps = spread(path.low, words);
  return gaps >= 0 ? [5, gaps] : null;
}

const order = (a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.path.low.length - b.path.low.length || (a.path.text < b.path.text ? -1 : 1);

self.onmessage = ({ data }) => {
  if (data.list !== undefined) {
    paths = data.list.split("\0").filter(Boolean).map((row) => {
      const [text, address] = row.split("\u0001");
      const low = text.toLowerCase();
      return { text, address, low, name: low.lastIndexOf("/") + 1 };
    });
    self.postMessage({ ready: paths.length });
    return;
  }
  const words = data.words.toLowerCase().replace(/\s+/g, "");
  let best = [];
  let total = 0;
  for (const path of paths) {
    const found = words ? rank(path, words) : [0, 0];
    if (!found) continue;
    total++;
    if (words || total <= SHOWN) best.push({ rank: found, path });
    if (words && best.length >= 20 * SHOWN) best = best.sort(order).slice(0, SHOWN);
  }
  if (words) best = best.sort(order).slice(0, SHOWN);
  self.postMessage({ id: data.id, total, rows: best.map(({ path }) => [path.text, path.address]) });
};
