// Composes pieces for several voices, shows them as a piano roll and plays them; a drawn melody is harmonised.
//
// The panel has the file's metadata (docs/MOBILE.md): `voices`, `window`, `hold`, `rest`,
// `first_pitch_symbol`, `first_pitch`, `unknown`, `unknown_age`, `max_age`, `max_left` and `behind`; and the names of the
// signatures, `encode`, `prefill` and `signature`, which is the step.
import { Loop } from "./loop.js";
import { BAR, Pen } from "./pen.js";
import { PianoRoll, TEMPO } from "./roll.js";
import { choose } from "./text.js";

const MARKUP = `
  <div class="bar">
    <h2>Music</h2>
    <span id="compose-speed" class="speed"></span>
    <button id="compose-new" type="button">New piece</button>
    <button id="compose-fit" type="button" disabled>New lower voices</button>
    <button id="compose-play" type="button" disabled>Play</button>
  </div>
  <canvas id="compose-roll" role="img" aria-label="Piano roll" title="Click to move the highest voice"></canvas>
  <p id="compose-note" role="status"></p>
  <div class="slider">
    <label for="compose-temperature">Temperature</label>
    <input id="compose-temperature" type="range" min="0" max="1.5" step="0.05" value="0.9">
    <output id="compose-temperature-value" for="compose-temperature">0.90</output>
  </div>
  <div class="slider">
    <label for="compose-bars">Bars</label>
    <input id="compose-bars" type="range" min="1" max="16" step="1" value="4">
    <output id="compose-bars-value" for="compose-bars">4</output>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, roll;
let cells = []; // of each step the symbols of the voices

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  section.innerHTML = MARKUP;
  roll = new PianoRoll(element("compose-roll"), element("compose-play"), panel);
  for (const [name, digits] of [["temperature", 2], ["bars", 0]]) {
    const slider = element(`compose-${name}`);
    slider.addEventListener("input", () => {
      element(`compose-${name}-value`).textContent = Number(slider.value).toFixed(digits);
    });
  }
  element("compose-new").addEventListener("click", () => {
    const empty = () => panel.voices.map(() => panel.hold);
    compose(Array.from({ length: BAR * Number(element("compose-bars").value) }, empty), 0);
  });
  element("compose-fit").addEventListener("click", () => compose(cells, 1));
  element("compose-roll").addEventListener("click", moveNote);
}

/** Fills in all voices of some cells but the first `fixed`. */
async function compose(given, fixed) {
  roll.stop();
  for (const name of ["new", "fit", "play"]) element(`compose-${name}`).disabled = true;
  element("compose-note").textContent = "Composing";
  const pen = new Pen(panel, given.map((step) => step.map((symbol, voice) => (voice < fixed ? symbol : panel.hold))), fixed);
  cells = pen.cells;
  const begin = performance.now();
  for (const hop of hops(cells.length)) {
    await composeWindow(pen, hop, (step) => {
      roll.show(cells, step);
      const seconds = ((step + 1) * 15) / TEMPO;
      const factor = (1000 * seconds) / (performance.now() - begin);
      element("compose-speed").textContent = `${factor.toFixed(1)} times real time`;
    });
  }
  roll.show(cells);
  element("compose-note").textContent = "";
  for (const name of ["new", "fit", "play"]) element(`compose-${name}`).disabled = false;
}

/** Windows: where each starts, the first step that is written in it, and the step after the last. */
function hops(steps) {
  const [found, half, third] = [[], Math.floor(panel.window / 2), Math.floor(panel.window / 3)];
  for (let start = 0, first = 0; first < steps; ) {
    const last = start + panel.window >= steps ? steps : start + half + third;
    found.push({ start, first, last });
    [start, first] = [last - half, last];
  }
  return found;
}

async function composeWindow(pen, { start, first, last }, after) {
  const { memory } = await model.run(panel.encode, pen.given(start));
  const width = memory.length / panel.window;
  const around = (at) => memory.subarray((at - start) * width, (at - start + 1) * width);
  const loop = new Loop(model, panel.signature);
  if (first > start) {
    const known = [];
    for (let at = start; at < first; at++) {
      for (let voice = 0; voice < panel.voices.length; voice++) known.push({ ...pen.cell(at, voice), memory: around(at) });
    }
    const names = Object.keys(known[0]);
    const flat = names.map((name) => [name, known.flatMap((cell) => Array.from(cell[name]))]);
    await loop.call(Object.fromEntries(flat), panel.prefill);
  }
  const temperature = Number(element("compose-temperature").value);
  for (let at = first; at < last; at++) {
    for (let voice = 0; voice < panel.voices.length; voice++) {
      const { logits } = await loop.call({ ...pen.cell(at, voice), memory: around(at) });
      if (at === 0) logits[panel.hold] = -Infinity; // there is nothing to hold
      pen.fill(at, voice, choose(logits, temperature, Math.random()));
    }
    after(at);
    if (at % 4 === 3) await new Promise((resolve) => setTimeout(resolve));
  }
  loop.delete();
}

/** Places a quarter note of the highest voice where the roll is clicked. */
function moveNote(event) {
  if (!cells.length || element("compose-fit").disabled) return;
  const box = element("compose-roll").getBoundingClientRect();
  const [low, high] = roll.range(cells);
  const step = 4 * Math.floor((cells.length * (event.clientX - box.left)) / box.width / 4);
  const symbol = high - Math.floor(((high - low + 1) * (event.clientY - box.top)) / box.height);
  if (!(step in cells) || symbol < panel.first_pitch_symbol) return;
  let after = panel.rest; // what sounds now where the note will end goes on there
  for (let at = 0; at <= step + 4 && at < cells.length; at++) after = cells[at][0] || after;
  for (let at = step; at < step + 4 && at < cells.length; at++) cells[at][0] = at === step ? symbol : panel.hold;
  if (step + 4 in cells) cells[step + 4][0] = after;
  roll.show(cells);
}
