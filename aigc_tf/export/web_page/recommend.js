// Recommends items from the ticked ones.
//
// The panel has `titles`, by item number, and `popular`, numbers of the items shown without a search.
const OFFERED = 60; // items that can be ticked, at most
const LISTED = 20;
const MARKUP = `
  <div class="bar">
    <h2><label for="recommend-search">What you like</label></h2>
    <input id="recommend-search" type="search" placeholder="Search titles">
    <button id="recommend-clear" type="button">Clear</button>
    <span id="recommend-speed" class="speed"></span>
  </div>
  <div class="sides">
    <ul id="recommend-items"></ul>
    <div>
      <p id="recommend-note" role="status"></p>
      <ol id="recommend-list" aria-live="polite" aria-label="Recommendations"></ol>
    </div>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model;
const liked = new Set();
let waiting = null; // the ticked items of the latest request

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  section.innerHTML = MARKUP;
  element("recommend-search").addEventListener("input", offer);
  element("recommend-clear").addEventListener("click", () => {
    liked.clear();
    element("recommend-search").value = "";
    offer();
    return recommend();
  });
  offer();
  await recommend();
}

/** Shows what is ticked, and behind it what the search finds or what is popular. */
function offer() {
  const words = element("recommend-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const every = [...panel.titles.keys()];
  const fits = (item) => words.every((word) => panel.titles[item].toLowerCase().includes(word));
  const found = words.length ? every.filter(fits) : panel.popular;
  const items = [...new Set([...liked, ...found])].slice(0, Math.max(OFFERED, liked.size));
  element("recommend-items").replaceChildren(...items.map(box));
}

function box(item) {
  const [line, label, input] = ["li", "label", "input"].map((name) => document.createElement(name));
  input.type = "checkbox";
  input.value = item;
  input.checked = liked.has(item);
  input.addEventListener("change", () => {
    if (input.checked) liked.add(item);
    else liked.delete(item);
    return recommend();
  });
  label.append(input, ` ${panel.titles[item]}`);
  line.append(label);
  return line;
}

/** Computes recommendations for the ticked items; of requests that arrive meanwhile only the latest is kept. */
async function recommend() {
  const busy = waiting !== null;
  waiting = new Float32Array(panel.titles.length);
  for (const item of liked) waiting[item] = 1;
  while (!busy && waiting !== null) {
    const numbers = waiting;
    const made = await model.run(panel.signature, { liked: numbers });
    list(made);
    const milliseconds = model.milliseconds(panel.signature);
    element("recommend-speed").textContent = milliseconds ? `${Number(milliseconds.toPrecision(2))} ms` : "";
    if (waiting === numbers) waiting = null;
  }
}

/** Shows the best items, each with a bar for its probability relative to the first. */
function list({ items, best }) {
  const lines = [...items].slice(0, LISTED).filter((item) => !liked.has(item)).map((item, place) => {
    const [line, bar] = ["li", "meter"].map((name) => document.createElement(name));
    bar.value = Math.exp(best[place] - best[0]);
    bar.title = `${Math.round(100 * bar.value)} % of the first`;
    line.append(bar, ` ${panel.titles[item]}`);
    return line;
  });
  element("recommend-list").replaceChildren(...lines);
  element("recommend-note").textContent = liked.size
    ? `For the ${liked.size} that you ticked:`
    : "Tick what you like. Until then, these are the most popular:";
}
