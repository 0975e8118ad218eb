// Generates sounds, from latents or frame by frame, shows their waveforms and plays them.
//
// The panel has `rate`, samples per second, and either `prior`, mean and factor of the latent's Gaussian or null, or what
// `spectra.js` needs and `noise` to begin with. A further input that has kinds is a class, which is chosen by name.
import { drawSound } from "./spectra.js";
import { latentOf, normals, uniforms } from "./latents.js";
import { Player, speed, wave } from "./player.js";
import * as sheet from "./sheet.js";

const MARKUP = `
  <div class="bar">
    <h2>Sounds</h2>
    <span id="sound-speed" class="speed"></span>
    <button id="sound-play" type="button">Play</button>
  </div>
  <div id="sound-sliders" hidden>
    <div class="slider">
      <label for="sound-temperature">Temperature</label>
      <input id="sound-temperature" type="range" min="0" max="1.5" step="0.05" value="1">
      <output id="sound-temperature-value" for="sound-temperature"></output>
    </div>
    <div class="slider">
      <label for="sound-noise">Noise</label>
      <input id="sound-noise" type="range" min="0" max="1.5" step="0.05">
      <output id="sound-noise-value" for="sound-noise"></output>
    </div>
  </div>
  ${sheet.MARKUP}`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, player;
let [latents, sounds] = [[], []];
let chosen = 0;
let drawing = Promise.resolve(); // the sheet that is drawn; the next one waits for it

/** The samples of the sound that is chosen, and its latent; for scripts and tests. */
export const currentSound = () => sounds[chosen];
export const currentLatent = () => latents[chosen];
/** Resolves when the latest sheet is drawn. */
export const drawn = () => drawing;

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  section.innerHTML = MARKUP;
  player = new Player(element("sound-play"), panel.rate, () => sounds[chosen]);
  if (panel.frames) showSliders();
  sheet.fill(inputs, draw, (index) => {
    choose(index);
    player.play();
  });
  await draw();
}

function showSliders() {
  element("sound-sliders").hidden = false;
  element("sound-noise").value = panel.noise;
  for (const name of ["temperature", "noise"]) {
    const slider = element(`sound-${name}`);
    const tell = () => (element(`sound-${name}-value`).textContent = Number(slider.value).toFixed(2));
    tell();
    slider.addEventListener("input", tell);
    slider.addEventListener("change", draw);
  }
}

/** Draws a sheet of sounds of the seed in the field, and of the class that is chosen. */
function draw() {
  drawing = drawing.then(drawAll);
  return drawing;
}

async function drawAll() {
  player.stop();
  const make = panel.frames ? frameByFrame() : ofLatents();
  [latents, sounds] = [[], []];
  const begin = performance.now();
  for (const [index, canvas] of sheet.canvases().entries()) {
    sounds.push(await make(index));
    wave(canvas, sounds[index]);
  }
  choose(0);
  const milliseconds = (performance.now() - begin) / sounds.length;
  element("sound-speed").textContent = speed(sounds[0].length / panel.rate, milliseconds);
}

/** Generates one sound of the sheet from its part of the seed's normal numbers. */
function ofLatents() {
  const size = inputs.latent.shape.reduce((product, length) => product * length, 1);
  const values = normals(sheet.seed(), sheet.SAMPLES * size);
  const told = sheet.classInput(inputs);
  const [output] = Object.keys(model.signatures[panel.signature].outputs);
  return async (index) => {
    latents[index] = latentOf(values.slice(index * size, (index + 1) * size), panel.prior);
    const given = { latent: latents[index] };
    if (told) given[told.name] = [sheet.label()];
    return (await model.run(panel.signature, given))[output];
  };
}

/** The same for a model that generates frame by frame. */
function frameByFrame() {
  const uniform = uniforms(sheet.seed());
  const [temperature, noise] = ["temperature", "noise"].map((name) => Number(element(`sound-${name}`).value));
  return () => drawSound(model, panel, sheet.label(), { temperature, noise }, uniform);
}

function choose(index) {
  player.stop();
  chosen = index;
  sheet.mark(index);
}
