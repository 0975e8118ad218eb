// Draws pieces for several voices, shows them as a piano roll and plays them; a tune that is drawn gets other voices.
//
// The panel has what the file's metadata has (docs/MOBILE.md): `voices`, `window`, `hold`, `rest`,
// `first_pitch_symbol`, `first_pitch`, `unknown`, `unknown_age`, `max_age`, `max_left` and `behind`; and the names of the
// signatures, `encode`, `prefill` and `signature`, which is the step.
import { choose } from "./text.js";

const BAR = 16; // sixteenth notes
const COLOURS = ["#be2828", "#285abe", "#1e8c46", "#783c96", "#b46e00"];
const [STEP, SEMITONE] = [6, 5]; // pixels
const TEMPO = 100; // quarters a minute
const SOUND = { volume: 0.12, rise: 0.02, fall: 0.06 };
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

let panel, model;
let cells = []; // of each step the symbols of the voices
let playing = null;

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  section.innerHTML = MARKUP;
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
  element("compose-play").addEventListener("click", () => (playing ? stop() : play()));
  element("compose-roll").addEventListener("click", moveNote);
}

/** Fills in all voices of some cells but the first `fixed`. */
async function compose(given, fixed) {
  stop();
  for (const name of ["new", "fit", "play"]) element(`compose-${name}`).disabled = true;
  element("compose-note").textContent = "Composing";
  const sheet = new Sheet(given.map((step) => step.map((symbol, voice) => (voice < fixed ? symbol : panel.hold))), fixed);
  cells = sheet.cells;
  const begin = performance.now();
  for (const hop of hops(cells.length)) {
    await composeWindow(sheet, hop, (step) => {
      draw(step);
      const seconds = ((step + 1) * 15) / TEMPO;
      const factor = (1000 * seconds) / (performance.now() - begin);
      element("compose-speed").textContent = `${factor.toFixed(1)} times real time`;
    });
  }
  draw(cells.length);
  element("compose-roll").dataset.cells = cells.map((step) => step.join(" ")).join(";"); // for scripts
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

async function composeWindow(sheet, { start, first, last }, after) {
  const step = panel.signature;
  const { feedback } = model.signatures[step];
  const { memory } = await model.run(panel.encode, sheet.given(start));
  const width = memory.length / panel.window;
  const around = (at) => memory.subarray((at - start) * width, (at - start + 1) * width);
  let states = Object.fromEntries(Object.values(feedback).map((name) => [name, model.tensor(step, name)]));
  const advance = async (signature, inputs) => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, numbers]) => [name, model.tensor(signature, name, numbers)]),
    );
    const outputs = await model.call(signature, { ...tensors, ...states });
    for (const tensor of [...Object.values(tensors), ...Object.values(states)]) tensor.delete();
    states = Object.fromEntries(Object.entries(feedback).map(([output, name]) => [name, outputs[output]]));
    const logits = outputs.logits?.toTypedArray();
    outputs.logits?.delete();
    return logits;
  };
  if (first > start) {
    const known = [];
    for (let at = start; at < first; at++) {
      for (let voice = 0; voice < panel.voices.length; voice++) known.push({ ...sheet.cell(at, voice), memory: around(at) });
    }
    const names = Object.keys(known[0]);
    const flat = names.map((name) => [name, known.flatMap((cell) => Array.from(cell[name]))]);
    await advance(panel.prefill, Object.fromEntries(flat));
  }
  const temperature = Number(element("compose-temperature").value);
  for (let at = first; at < last; at++) {
    for (let voice = 0; voice < panel.voices.length; voice++) {
      const logits = await advance(step, { ...sheet.cell(at, voice), memory: around(at) });
      if (at === 0) logits[panel.hold] = -Infinity; // there is nothing to hold
      sheet.fill(at, voice, choose(logits, temperature, Math.random()));
    }
    after(at);
    if (at % 4 === 3) await new Promise((resolve) => setTimeout(resolve));
  }
  for (const tensor of Object.values(states)) tensor.delete();
}

/** A piece as it is written: `aigc_tf/families/music/composing.py` has the same in Python. */
class Sheet {
  constructor(given, fixed) {
    [this.cells, this.fixed] = [given, fixed];
    this.held = [panel.voices.map(() => 0)]; // what sounds before each step, and for how long
    this.age = [panel.voices.map(() => 0)];
  }

  #left(step) {
    return Math.min(this.cells.length - 1 - step, panel.max_left);
  }

  /** Inputs of the encoder for the window from `start` on. */
  given(start) {
    const inputs = { held: [], age: [], place: [], left: [] };
    const sounding = panel.voices.map(() => [0, 0]);
    for (let step = 0; step < start + panel.window; step++) {
      const inside = step < this.cells.length;
      if (step >= start) {
        inputs.place.push(inside ? step % BAR : 0);
        inputs.left.push(inside ? this.#left(step) : panel.behind);
      }
      for (let voice = 0; voice < panel.voices.length; voice++) {
        const symbol = inside ? this.cells[step][voice] : 0;
        const [held, age] = sounding[voice];
        sounding[voice] = symbol ? [symbol, 0] : [held, Math.min(age + 1, panel.max_age)];
        if (step < start) continue;
        const known = inside && voice < this.fixed;
        inputs.held.push(known ? sounding[voice][0] : panel.unknown);
        inputs.age.push(known ? sounding[voice][1] : panel.unknown_age);
      }
    }
    return inputs;
  }

  /** What a cell is chosen by, but for the memory. */
  cell(step, voice) {
    const older = this.age[step].map((age) => Math.min(age + 1, panel.max_age));
    const now = (values, before) => before.map((value, other) => (other < voice ? values[step + 1][other] : value));
    return {
      held: now(this.held, this.held[step]),
      age: now(this.age, older),
      voice: [voice],
      place: [step % BAR],
      left: [this.#left(step)],
    };
  }

  /** Writes a cell; a fixed one stays as it is. */
  fill(step, voice, chosen) {
    const symbol = voice < this.fixed ? this.cells[step][voice] : chosen;
    this.cells[step][voice] = symbol;
    this.held[step + 1] ??= [...this.held[step]];
    this.age[step + 1] ??= this.age[step].map((age) => Math.min(age + 1, panel.max_age));
    if (symbol) [this.held[step + 1][voice], this.age[step + 1][voice]] = [symbol, 0];
  }
}

/** The notes of a voice: symbol, first step, length. */
function notes(voice) {
  const starts = cells.flatMap((step, at) => (step[voice] ? [at] : []));
  const found = starts.map((at, index) => [cells[at][voice], at, (starts[index + 1] ?? cells.length) - at]);
  return found.filter(([symbol]) => symbol >= panel.first_pitch_symbol);
}

function range() {
  const pitches = panel.voices.flatMap((_, voice) => notes(voice).map(([symbol]) => symbol));
  if (!pitches.length) return [panel.first_pitch_symbol + 15, panel.first_pitch_symbol + 60];
  return [Math.min(...pitches) - 3, Math.max(...pitches) + 4];
}

/** The piano roll, and where it is played or written. */
function draw(at) {
  const canvas = element("compose-roll");
  const [low, high] = range();
  [canvas.width, canvas.height] = [cells.length * STEP, (high - low + 1) * SEMITONE];
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let step = 0; step < cells.length; step += 4) {
    context.fillStyle = step % BAR ? "#e4e4e4" : "#969696";
    context.fillRect(step * STEP, 0, 1, canvas.height);
  }
  for (let voice = panel.voices.length - 1; voice >= 0; voice--) {
    context.fillStyle = COLOURS[voice % COLOURS.length];
    for (const [symbol, start, length] of notes(voice)) {
      context.fillRect(start * STEP + 1, (high - symbol) * SEMITONE, length * STEP - 1, SEMITONE - 1);
    }
  }
  context.fillStyle = "#000";
  if (at < cells.length) context.fillRect(at * STEP, 0, 1, canvas.height);
}

/** Puts a note of the highest voice where the roll is clicked, a quarter long. */
function moveNote(event) {
  if (!cells.length || element("compose-fit").disabled) return;
  const box = element("compose-roll").getBoundingClientRect();
  const [low, high] = range();
  const step = 4 * Math.floor((cells.length * (event.clientX - box.left)) / box.width / 4);
  const symbol = high - Math.floor(((high - low + 1) * (event.clientY - box.top)) / box.height);
  if (!(step in cells) || symbol < panel.first_pitch_symbol) return;
  let after = panel.rest; // what sounds now where the note will end goes on there
  for (let at = 0; at <= step + 4 && at < cells.length; at++) after = cells[at][0] || after;
  for (let at = step; at < step + 4 && at < cells.length; at++) cells[at][0] = at === step ? symbol : panel.hold;
  if (step + 4 in cells) cells[step + 4][0] = after;
  draw(cells.length);
}

/** Plays the piece with an oscillator for each note. */
function play() {
  const context = new AudioContext();
  const seconds = 15 / TEMPO;
  const begin = context.currentTime + 0.1;
  for (let voice = 0; voice < panel.voices.length; voice++) {
    for (const [symbol, start, length] of notes(voice)) {
      const [oscillator, gain] = [context.createOscillator(), context.createGain()];
      const [from, to] = [begin + start * seconds, begin + (start + length) * seconds];
      oscillator.type = "triangle";
      oscillator.frequency.value = 440 * 2 ** ((symbol - panel.first_pitch_symbol + panel.first_pitch - 69) / 12);
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(SOUND.volume, from + SOUND.rise);
      gain.gain.setValueAtTime(SOUND.volume, to - SOUND.fall);
      gain.gain.linearRampToValueAtTime(0, to);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(to);
    }
  }
  playing = { context };
  element("compose-play").textContent = "Stop";
  const follow = () => {
    if (playing?.context !== context) return;
    const step = (context.currentTime - begin) / seconds;
    if (step >= cells.length) return stop();
    draw(step);
    requestAnimationFrame(follow);
  };
  follow();
}

function stop() {
  playing?.context.close();
  playing = null;
  element("compose-play").textContent = "Play";
  if (cells.length) draw(cells.length);
}
