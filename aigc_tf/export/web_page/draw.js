// Generates pictures from latents: one large picture, sliders along some directions, a sheet of samples, and a family
// of kept ones.
//
// The panel has `prior`, mean and factor of the latent's Gaussian or null, `directions` of the normal numbers behind
// it, and `weights`, the hash of the model's weights. A further input with kinds is a class, which is chosen by name.
import * as family from "./family.js";
import { dot, latentOf, moved, normals, spherical } from "./latents.js";
import { paint } from "./pictures.js";
import * as sheet from "./sheet.js";

const SECONDS_BETWEEN_SAMPLES = 2;
const MARKUP = `
  <div id="one">
    <canvas id="picture" role="img" aria-label="The generated picture"></canvas>
    <div class="bar">
      <span id="speed" class="speed"></span>
      <button id="play" type="button" title="Move from sample to sample">Play</button>
    </div>
  </div>
  <div>
    <div class="bar">
      <h2>Directions</h2>
      <button id="reset" type="button" title="Back to the chosen sample">Reset</button>
    </div>
    <div id="sliders"></div>
    <template id="slider">
      <div class="slider"><label></label><input type="range" min="-3" max="3" step="0.1"><output></output></div>
    </template>
  </div>
  ${sheet.MARKUP}
  ${family.MARKUP}`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, output;
let samples = []; // the normal numbers after each picture of the sheet
let seedShown; // of the sheet
let chosen = 0; // the sample that the large picture started from
let current; // the normal numbers after the large picture
let origin; // how it was made, and of which members of the family or samples: `made` and `parents`
let kept; // the family
let player = null; // a token of the interpolation that plays

/** The latent of the large picture, and the text of the family's file; for scripts and tests. */
export const currentLatent = () => latentOf(current, panel.prior);
export const familyText = () => kept.text();

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  [output] = Object.entries(model.signatures[panel.signature].outputs);
  section.innerHTML = MARKUP;
  panel.directions.forEach(addSlider);
  kept = new family.Family(panel.weights, paintOn, showMember);
  sheet.fill(inputs, drawAll, choose);
  element("play").addEventListener("click", () => (player ? stop() : interpolate()));
  element("reset").addEventListener("click", () => choose(chosen));
  element("keep").addEventListener("click", () => kept.keep({ numbers: current, ...origin }));
  await drawSheet();
  while (model.milliseconds(panel.signature) === undefined) await display(current, ...drawn(chosen));
}

/** The picture that standard normal numbers make, of the class that is chosen. */
async function generate(numbers) {
  const given = { latent: latentOf(numbers, panel.prior) };
  const told = sheet.classInput(inputs);
  if (told) given[told.name] = [sheet.label()];
  const made = await model.run(panel.signature, given);
  return made[output[0]];
}

async function paintOn(canvas, numbers) {
  paint(canvas, await generate(numbers), output[1].shape);
}

/** Shows the picture of other normal numbers, and their coordinates on the sliders. */
async function display(next, made, parents) {
  [current, origin] = [next, { made, parents }];
  panel.directions.forEach((direction, index) => showCoordinate(index, dot(next, direction)));
  const values = await generate(next);
  if (current !== next) return; // a later one is on its way
  paint(element("picture"), values, output[1].shape);
  const milliseconds = model.milliseconds(panel.signature);
  if (milliseconds) element("speed").textContent = `${Number(milliseconds.toPrecision(2))} ms a picture`;
}

function showCoordinate(index, coordinate) {
  element(`slider-${index}`).value = coordinate;
  element(`value-${index}`).textContent = coordinate.toFixed(1);
}

function addSlider(direction, index) {
  const row = element("slider").content.cloneNode(true);
  const [label, slider, value] = row.querySelectorAll("label, input, output");
  slider.id = `slider-${index}`;
  value.id = `value-${index}`;
  label.htmlFor = slider.id;
  value.htmlFor = slider.id;
  label.textContent = `Direction ${index + 1}`;
  slider.addEventListener("input", () => {
    stop();
    const made = origin.made.endsWith("moved") ? origin.made : [origin.made, "moved"].filter(Boolean).join(", ");
    display(moved(current, direction, Number(slider.value)), made, origin.parents);
  });
  element("sliders").append(row);
}

/** Makes a sample of the sheet the large picture. */
async function choose(index) {
  stop();
  mark(index);
  await display(samples[index], ...drawn(index));
}

/** How a sample was made, and of which seed. */
const drawn = (index) => ["drawn", [`seed ${seedShown}, sample ${index + 1}`]];

async function showMember({ numbers, made, parents }) {
  stop();
  await display(numbers, made, parents);
}

function mark(index) {
  chosen = index;
  sheet.mark(index);
}

/** Draws a sheet of samples of the seed in the field. */
async function drawSheet() {
  const size = inputs.latent.shape.reduce((product, length) => product * length, 1);
  seedShown = sheet.seed();
  const values = normals(seedShown, sheet.SAMPLES * size);
  samples = Array.from({ length: sheet.SAMPLES }, (_, index) => values.slice(index * size, (index + 1) * size));
  for (const [index, canvas] of sheet.canvases().entries()) await paintOn(canvas, samples[index]);
  await choose(0);
}

/** Draws all small pictures anew: for another seed, or another class. */
async function drawAll() {
  await drawSheet();
  await kept.repaint();
}

function setPlayer(token) {
  player = token;
  element("play").textContent = token ? "Pause" : "Play";
}

function stop() {
  setPlayer(null);
}

/** Interpolates from the large picture to the next sample of the sheet, then to the one after it, until stopped. */
async function interpolate() {
  const own = Symbol("interpolation");
  setPlayer(own);
  let [start, parents, begin] = [current, origin.parents, performance.now()];
  for (;;) {
    const now = await new Promise(requestAnimationFrame);
    if (player !== own) return;
    const t = Math.min(1, Math.max(0, (now - begin) / 1000 / SECONDS_BETWEEN_SAMPLES));
    const next = (chosen + 1) % sheet.SAMPLES;
    if (t === 1) {
      mark(next);
      [start, parents, begin] = [samples[next], drawn(next)[1], now];
    }
    if (t === 1) await display(samples[next], ...drawn(next));
    else await display(spherical(start, samples[next], t), "on the way", [...parents, ...drawn(next)[1]]);
  }
}
