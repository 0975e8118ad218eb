// The page: one large picture, sliders along a few directions of its latent, and a sheet of samples.
import { dot, latentOf, moved, normals, spherical } from "./latents.js";
import { Generator, loadDescription } from "./generator.js";

const SAMPLES = 12;
const SECONDS_BETWEEN_SAMPLES = 2;

const element = (id) => document.getElementById(id);
const [picture, sheet, seed, play, reset, kinds] = ["picture", "sheet", "seed", "play", "reset", "kinds"].map(element);

let description, generator;
let samples = []; // the normal numbers after each picture of the sheet
let chosen = 0; // the sample that the large picture started from
let current; // the normal numbers after the large picture
let player = null; // a token of the interpolation that plays

/** The latent of the large picture; for scripts and tests. */
export const currentLatent = () => latentOf(current, description.prior);

function fail(error) {
  element("status").hidden = true;
  element("error").hidden = false;
  element("error").textContent = `This page cannot go on: ${error?.message ?? error}`;
}

/** The number of the class that is chosen. */
const kind = () => Math.max(0, kinds.selectedIndex);

/** Lets choose among the classes of a model that takes one. */
function addKinds() {
  element("kind").hidden = !description.condition;
  for (const name of description.condition?.kinds ?? []) kinds.add(new Option(name));
  kinds.addEventListener("change", drawSheet);
}

/** Draws numbers in [0, 1] pixel by pixel; the style sheet enlarges. */
function paint(canvas, values) {
  const [height, width, channels] = description.image_shape;
  [canvas.width, canvas.height] = [width, height];
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      pixels.data[4 * pixel + colour] = 255 * values[pixel * channels + (channels === 3 ? colour : 0)];
    }
    pixels.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** Shows what other normal numbers make, in the large picture and on the sliders. */
async function show(next) {
  current = next;
  description.directions.forEach((direction, index) => showCoordinate(index, dot(next, direction)));
  const values = await generator.generate(next, kind());
  if (current !== next) return; // a later one is on its way
  paint(picture, values);
  const milliseconds = generator.milliseconds;
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
    show(moved(current, direction, Number(slider.value)));
  });
  element("sliders").append(row);
}

function addSample(index) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Sample ${index + 1}`);
  button.append(document.createElement("canvas"));
  button.addEventListener("click", () => choose(index));
  sheet.append(button);
}

/** Makes a sample of the sheet the large picture. */
async function choose(index) {
  stop();
  mark(index);
  await show(samples[index]);
}

function mark(index) {
  chosen = index;
  [...sheet.children].forEach((button, other) => button.setAttribute("aria-pressed", other === index));
}

/** Draws a sheet of samples of the seed in the field. */
async function drawSheet() {
  const size = description.latent_shape.reduce((product, length) => product * length, 1);
  const values = normals(Number(seed.value), SAMPLES * size);
  samples = Array.from({ length: SAMPLES }, (_, index) => values.slice(index * size, (index + 1) * size));
  for (const [index, button] of [...sheet.children].entries()) {
    paint(button.firstChild, await generator.generate(samples[index], kind()));
  }
  await choose(0);
}

function setPlayer(token) {
  player = token;
  play.textContent = token ? "Pause" : "Play";
}

function stop() {
  setPlayer(null);
}

/** Goes from the large picture to the next sample of the sheet, and on to the one after it, until stopped. */
async function interpolate() {
  const own = Symbol("interpolation");
  setPlayer(own);
  let [start, begin] = [current, performance.now()];
  for (;;) {
    const now = await new Promise(requestAnimationFrame);
    if (player !== own) return;
    const t = Math.min(1, Math.max(0, (now - begin) / 1000 / SECONDS_BETWEEN_SAMPLES));
    const next = (chosen + 1) % SAMPLES;
    if (t === 1) {
      mark(next);
      [start, begin] = [samples[next], now];
    }
    await show(t === 1 ? samples[next] : spherical(start, samples[next], t));
  }
}

function addFacts() {
  document.title = `${description.title}: generated pictures`;
  element("title").textContent = description.title;
  for (const [name, value] of Object.entries(description.facts)) {
    const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    definition.textContent = value;
    element("facts").append(term, definition);
  }
}

async function start() {
  description = await loadDescription();
  addFacts();
  addKinds();
  generator = await Generator.load(description);
  description.directions.forEach(addSlider);
  for (let index = 0; index < SAMPLES; index++) addSample(index);
  element("sampling").addEventListener("submit", (event) => {
    event.preventDefault();
    seed.value = crypto.getRandomValues(new Uint32Array(1))[0];
    drawSheet();
  });
  seed.addEventListener("change", () => {
    if (seed.reportValidity()) drawSheet();
  });
  play.addEventListener("click", () => (player ? stop() : interpolate()));
  reset.addEventListener("click", () => choose(chosen));
  await drawSheet();
  while (generator.milliseconds === undefined) await show(current);
  element("status").hidden = true;
  element("model").hidden = false;
}

window.addEventListener("error", (event) => fail(event.error));
window.addEventListener("unhandledrejection", (event) => fail(event.reason)); // of everything that is not awaited
start();
