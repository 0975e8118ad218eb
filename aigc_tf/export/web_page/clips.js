// Generates clips from latents, and plays all of them side by side.
//
// The panel has `prior`, mean and factor of the latent's Gaussian or null, and `rate`, frames a second.
import { latentOf, normals } from "./latents.js";
import { paint } from "./pictures.js";
import * as sheet from "./sheet.js";

const MARKUP = `
  <div class="bar">
    <h2>Clips</h2>
    <span id="clips-speed" class="speed"></span>
    <button id="clips-play" type="button">Pause</button>
  </div>
  ${sheet.MARKUP}`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, shape;
let [latents, clips] = [[], []];
let moment = 0; // the frame that is shown
let timer = null;

/** The first clip of the sheet and its latent; for scripts and tests. */
export const currentClip = () => clips[0];
export const currentLatent = () => latents[0];

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  shape = model.signatures[panel.signature].outputs.clip.shape; // of a clip: 1, frames, height, width, channels
  section.innerHTML = MARKUP;
  sheet.fill(inputs, draw, (index) => sheet.mark(index));
  element("clips-play").addEventListener("click", () => (timer ? stop() : play()));
  await draw();
  play();
}

/** Draws a sheet of clips of the seed in the field. */
async function draw() {
  const size = inputs.latent.shape.reduce((product, length) => product * length, 1);
  const values = normals(sheet.seed(), sheet.SAMPLES * size);
  const made = [];
  latents = Array.from({ length: sheet.SAMPLES }, (_, index) =>
    latentOf(values.slice(index * size, (index + 1) * size), panel.prior));
  for (const latent of latents) made.push((await model.run(panel.signature, { latent })).clip);
  clips = made;
  frame();
  const milliseconds = model.milliseconds(panel.signature);
  const times = (1000 * shape[1]) / panel.rate / milliseconds;
  if (milliseconds) element("clips-speed").textContent = `${Number(times.toPrecision(2))} times real time`;
}

/** Shows a frame of each clip. */
function frame() {
  const size = shape.slice(2).reduce((product, length) => product * length, 1);
  for (const [index, canvas] of sheet.canvases().entries()) {
    paint(canvas, clips[index].subarray(moment * size, (moment + 1) * size), [1, ...shape.slice(2)]);
  }
}

function play() {
  timer = setInterval(() => {
    moment = (moment + 1) % shape[1];
    frame();
  }, 1000 / panel.rate);
  element("clips-play").textContent = "Pause";
}

function stop() {
  clearInterval(timer);
  timer = null;
  element("clips-play").textContent = "Play";
}
