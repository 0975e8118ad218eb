// Draws sounds from latents, shows their waveforms and plays them.
//
// The panel has `prior`, mean and factor of the latent's Gaussian or null, and `rate`, samples a second. A further input
// that has kinds is a class, which is chosen by name.
import { latentOf, normals } from "./latents.js";
import * as sheet from "./sheet.js";

const [WIDTH, HEIGHT] = [160, 60]; // pixels of a waveform
const LOWEST_RATE = 3000; // samples a second that browsers play; of slower sounds each sample is repeated
const MARKUP = `
  <div class="bar">
    <h2>Sounds</h2>
    <span id="sound-speed" class="speed"></span>
    <button id="sound-play" type="button">Play</button>
  </div>
  ${sheet.MARKUP}`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, output;
let [latents, sounds] = [[], []];
let chosen = 0;
let playing = null;

/** The samples of the sound that is chosen, and its latent; for scripts and tests. */
export const currentSound = () => sounds[chosen];
export const currentLatent = () => latents[chosen];

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  [output] = Object.keys(model.signatures[panel.signature].outputs);
  section.innerHTML = MARKUP;
  sheet.fill(inputs, draw, (index) => {
    choose(index);
    play();
  });
  element("sound-play").addEventListener("click", () => (playing ? stop() : play()));
  await draw();
}

/** Draws a sheet of sounds of the seed in the field, and of the class that is chosen. */
async function draw() {
  stop();
  const size = inputs.latent.shape.reduce((product, length) => product * length, 1);
  const values = normals(sheet.seed(), sheet.SAMPLES * size);
  const told = sheet.classInput(inputs);
  [latents, sounds] = [[], []];
  for (const [index, canvas] of sheet.canvases().entries()) {
    latents.push(latentOf(values.slice(index * size, (index + 1) * size), panel.prior));
    const given = { latent: latents[index] };
    if (told) given[told.name] = [sheet.label()];
    sounds.push((await model.run(panel.signature, given))[output]);
    wave(canvas, sounds[index]);
  }
  choose(0);
  const milliseconds = model.milliseconds(panel.signature);
  const times = (1000 * sounds[0].length) / panel.rate / milliseconds;
  if (milliseconds) element("sound-speed").textContent = `${Number(times.toPrecision(2))} times as fast as it sounds`;
}

function choose(index) {
  stop();
  chosen = index;
  sheet.mark(index);
}

/** Draws the least and the largest sample under each column of pixels. */
function wave(canvas, samples) {
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext("2d");
  context.fillStyle = "#285abe";
  for (let column = 0; column < WIDTH; column++) {
    const [from, to] = [column, column + 1].map((edge) => Math.floor((edge * samples.length) / WIDTH));
    const part = samples.slice(from, Math.max(to, from + 1));
    const [low, high] = [Math.min(...part), Math.max(...part)];
    const top = ((1 - high) * HEIGHT) / 2;
    context.fillRect(column, top, 1, Math.max(1, ((high - low) * HEIGHT) / 2));
  }
}

/** Plays the chosen sound; the browser resamples it to its own rate. */
function play() {
  stop();
  const context = new AudioContext();
  const repeats = Math.ceil(LOWEST_RATE / panel.rate);
  const own = sounds[chosen];
  const samples = Float32Array.from({ length: own.length * repeats }, (_, at) => own[Math.floor(at / repeats)]);
  const buffer = context.createBuffer(1, samples.length, panel.rate * repeats);
  buffer.copyToChannel(samples, 0);
  const node = context.createBufferSource();
  node.buffer = buffer;
  node.connect(context.destination);
  node.addEventListener("ended", () => playing === context && stop());
  node.start();
  playing = context;
  element("sound-play").textContent = "Stop";
}

function stop() {
  playing?.close();
  playing = null;
  element("sound-play").textContent = "Play";
}
