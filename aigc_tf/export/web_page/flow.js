// Draws pictures step by step: noise becomes a picture, in as many steps as the slider says.
//
// The panel has `steps`, how many there are at first; and of a model that is told the class `untold`, the number that
// stands for any, and `guidance`, how far the class's prediction is followed at first.
import { normals } from "./latents.js";
import { paint } from "./pictures.js";

const SAMPLES = 12;
const MAX_STEPS = 50;
const MARKUP = `
  <div id="one">
    <canvas id="picture" role="img" aria-label="The picture, as it comes out of noise"></canvas>
    <div class="bar">
      <span id="speed" class="speed"></span>
      <button id="play" type="button" title="From noise to the picture once more">Again</button>
    </div>
  </div>
  <div>
    <h2>From noise to picture</h2>
    <div class="slider">
      <label for="steps">Steps</label>
      <input id="steps" type="range" min="1" max="${MAX_STEPS}" step="1"><output id="steps-value" for="steps"></output>
    </div>
    <div id="guiding" class="slider" hidden>
      <label for="guidance">Guidance</label>
      <input id="guidance" type="range" min="0" max="5" step="0.25">
      <output id="guidance-value" for="guidance"></output>
    </div>
    <p id="shown" role="status"></p>
  </div>
  <div id="all">
    <form id="sampling" class="bar">
      <h2>Samples</h2>
      <label id="kind" hidden>Class <select id="kinds"></select></label>
      <label for="seed">Seed</label>
      <input id="seed" type="number" min="0" max="4294967295" step="1" value="0" required inputmode="numeric">
      <button type="submit">New samples</button>
    </form>
    <div id="sheet"></div>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, output;
let chosen = 0; // the sample that the large picture shows
let drawing = null; // a token of the sheet, or of the large picture, that is drawn

/**
 * The states on the way from noise to a picture: Adams and Bashforth's second formula with even steps, the first of
 * them Euler's, as `aigc_tf.families.flow.samplers` has it.
 *
 * @param {(noisy: Float32Array, time: number) => Promise<Float32Array>} predict where a noisy picture comes from
 * @param {Float32Array} noise
 * @param {number} steps
 */
export async function* states(predict, noise, steps) {
  let x = noise;
  let earlier = null;
  for (let step = 0; step < steps; step++) {
    const predicted = await predict(x, step / steps);
    const slope = predicted.map((value, index) => (value - x[index]) / (1 - step / steps));
    const before = earlier ?? slope;
    x = x.map((value, index) => value + (1.5 * slope[index] - 0.5 * before[index]) / steps);
    earlier = slope;
    yield x;
  }
}

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  [output] = Object.entries(model.signatures[panel.signature].outputs);
  section.innerHTML = MARKUP;
  element("steps").value = panel.steps;
  addKinds();
  for (let index = 0; index < SAMPLES; index++) addSample(index);
  for (const id of ["steps", "guidance"]) element(id).addEventListener("input", drawAll);
  element("sampling").addEventListener("submit", (event) => {
    event.preventDefault();
    element("seed").value = crypto.getRandomValues(new Uint32Array(1))[0];
    drawAll();
  });
  element("seed").addEventListener("change", () => {
    if (element("seed").reportValidity()) drawAll();
  });
  element("play").addEventListener("click", () => choose(chosen));
  await drawAll();
}

/** The input that is a class, and its names, where there is one. */
const condition = () => Object.entries(inputs).find(([, tensor]) => tensor.kinds);

/** Lets choose among the classes of a model that takes one, and how far they guide. */
function addKinds() {
  if (!condition()) return;
  element("kind").hidden = element("guiding").hidden = false;
  element("guidance").value = panel.guidance;
  for (const name of condition()[1].kinds) element("kinds").add(new Option(name));
  element("kinds").addEventListener("change", drawAll);
}

/** Where a noisy picture comes from, of the class that is chosen and guided by it. */
async function predict(noisy, time) {
  const asked = async (label) => {
    const given = { noisy, time: [time] };
    if (condition()) given[condition()[0]] = [label];
    return (await model.run(panel.signature, given))[output[0]];
  };
  const weight = Number(element("guidance").value);
  const told = await asked(Math.max(0, element("kinds").selectedIndex));
  if (!condition() || weight === 1) return told;
  const any = await asked(panel.untold);
  return any.map((value, index) => value + weight * (told[index] - value));
}

/** Shows numbers in [-1, 1] in a canvas. */
function display(canvas, values) {
  paint(canvas, values.map((value) => 0.5 * value + 0.5), output[1].shape);
}

/** The noise of a sample of the sheet. */
function noiseOf(index) {
  const size = output[1].shape.reduce((product, length) => product * length, 1);
  return normals(Number(element("seed").value), SAMPLES * size).subarray(index * size, (index + 1) * size);
}

function addSample(index) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Sample ${index + 1}`);
  button.append(document.createElement("canvas"));
  button.addEventListener("click", () => choose(index));
  element("sheet").append(button);
}

/** Draws the sheet of the seed in the field, then its first picture in large; a later call ends an earlier one. */
async function drawAll() {
  const own = (drawing = Symbol("sheet"));
  const steps = Number(element("steps").value);
  element("steps-value").textContent = steps;
  element("guidance-value").textContent = Number(element("guidance").value).toFixed(2);
  for (const [index, button] of [...element("sheet").children].entries()) {
    let last;
    for await (last of states(predict, noiseOf(index).slice(), steps)) if (drawing !== own) return;
    display(button.firstChild, last);
  }
  await choose(chosen);
}

/** Lets a sample of the sheet come into being in the large picture. */
async function choose(index) {
  const own = (drawing = Symbol("picture"));
  chosen = index;
  [...element("sheet").children].forEach((button, other) => button.setAttribute("aria-pressed", other === index));
  const steps = Number(element("steps").value);
  let step = 0;
  display(element("picture"), noiseOf(index));
  for await (const values of states(predict, noiseOf(index).slice(), steps)) {
    await new Promise(requestAnimationFrame); // each state is seen
    if (drawing !== own) return;
    display(element("picture"), values);
    step += 1;
    element("shown").textContent = `Step ${step} of ${steps}`;
  }
  const milliseconds = model.milliseconds(panel.signature);
  if (milliseconds) element("speed").textContent = `${Number(milliseconds.toPrecision(2))} ms an evaluation`;
}
