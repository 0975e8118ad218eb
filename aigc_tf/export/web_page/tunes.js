// Two short tunes from random latents, and interpolations between them, as a piano roll that plays.
//
// The panel has `voices`, `hold`, `rest`, `first_pitch_symbol` and `first_pitch` (docs/MOBILE.md). If a model decodes
// cells one at a time, it also has `conduct`, the name of the signature that conditions each step on the
// latent, `max_age` and `max_left`; if it makes piano rolls, nothing more.
import { latentOf, normals, spherical } from "./latents.js";
import { Loop } from "./loop.js";
import { BAR, Pen } from "./pen.js";
import { PianoRoll } from "./roll.js";
import { choose } from "./text.js";

const SEEDS = 2 ** 32;
const MARKUP = `
  <div class="bar">
    <h2>Music</h2>
    <button id="tunes-new" type="button">New tunes</button>
    <button id="tunes-play" type="button">Play</button>
  </div>
  <canvas id="tunes-roll" role="img" aria-label="Piano roll"></canvas>
  <div class="slider">
    <label for="tunes-way">Interpolation</label>
    <input id="tunes-way" type="range" min="0" max="1" step="0.1" value="0">
    <output id="tunes-way-value" for="tunes-way">0.0</output>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, roll;
let ends = []; // latents
let latent;
let making = Promise.resolve(); // the tune that is made; the next one waits for it

/** The latent of the tune that is shown, and whether all that was asked for is shown; for scripts and tests. */
export const currentLatent = () => latent;
export const shown = () => making;

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  section.innerHTML = MARKUP;
  roll = new PianoRoll(element("tunes-roll"), element("tunes-play"), panel);
  element("tunes-way").addEventListener("input", make);
  element("tunes-new").addEventListener("click", () => begin(Math.floor(Math.random() * SEEDS)));
  await begin(0);
}

function begin(seed) {
  const [size] = model.signatures[panel.conduct ?? panel.signature].inputs.latent.shape.slice(-1);
  const numbers = normals(seed, 2 * size);
  ends = [numbers.slice(0, size), numbers.slice(size)].map((values) => latentOf(values, panel.prior));
  return make();
}

function make() {
  making = making.then(async () => {
    const way = Number(element("tunes-way").value);
    element("tunes-way-value").textContent = way.toFixed(1);
    latent = spherical(ends[0], ends[1], way);
    roll.stop();
    roll.show(panel.conduct ? await written(latent) : await brightest(latent));
  });
  return making;
}

/** Greedy decoding, cell by cell; attention restarts with each bar. */
async function written(latent) {
  const { memory } = await model.run(panel.conduct, { latent });
  const [, steps, width] = model.signatures[panel.conduct].outputs.memory.shape;
  const pen = new Pen(panel, Array.from({ length: steps }, () => panel.voices.map(() => panel.hold)), 0);
  for (let bar = 0; bar < steps; bar += BAR) {
    const loop = new Loop(model, panel.signature);
    for (let step = bar; step < bar + BAR; step++) {
      const told = memory.subarray(step * width, (step + 1) * width);
      for (let voice = 0; voice < panel.voices.length; voice++) {
        const { logits } = await loop.call({ ...pen.cell(step, voice), memory: told });
        if (step === 0) logits[panel.hold] = -Infinity; // there is nothing to hold
        pen.fill(step, voice, choose(logits, 0, 0));
      }
    }
    loop.delete();
  }
  return pen.cells;
}

/** The brightest pitch of each voice in a roll, as in `aigc_tf/data/music/rolls.py`. */
async function brightest(latent) {
  const [, steps, pitches, channels] = model.signatures[panel.signature].outputs.roll.shape;
  const { roll: cells } = await model.run(panel.signature, { latent });
  const at = (step, pitch, channel) => cells[(step * pitches + pitch) * channels + channel];
  const made = [];
  const sounding = panel.voices.map(() => undefined);
  for (let step = 0; step < steps; step++) {
    made.push(panel.voices.map((_, voice) => {
      let best = 0;
      for (let pitch = 1; pitch < pitches; pitch++) {
        if (at(step, pitch, 2 * voice) > at(step, best, 2 * voice)) best = pitch;
      }
      const rests = at(step, best, 2 * voice) <= 0.5;
      const symbol = rests ? panel.rest : panel.first_pitch_symbol + best;
      const again = !rests && at(step, best, 2 * voice + 1) > 0.5;
      const begins = again || symbol !== sounding[voice];
      sounding[voice] = symbol;
      return begins ? symbol : panel.hold;
    }));
  }
  return made;
}
