// Generates pictures from noise with a flow, in the number of steps on the slider.
//
// The panel has `steps`, the initial number of steps, and `shift`, which places them in time; and for a class-conditional model `untold`, the class number that
// stands for any class, and `guidance`, the initial scale of classifier-free guidance.
import { normals } from "./latents.js";
import { paint } from "./pictures.js";
import * as sheet from "./sheet.js";

const MAX_STEPS = 50;
const MARKUP = `
  <div id="one">
    <canvas id="picture" role="img" aria-label="The picture, as it forms from noise"></canvas>
    <div class="bar">
      <span id="speed" class="speed"></span>
      <button id="play" type="button" title="Generate it again from noise">Again</button>
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
  ${sheet.MARKUP}`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, output;
let chosen = 0; // the sample that the large picture shows
let drawing = null; // a token of the sheet, or of the large picture, that is drawn

/** Times from 0 to 1, one more than there are steps, as `schedule` of `aigc_tf.families.flow.samplers`. */
export function schedule(steps, shift) {
  const noise = Array.from({ length: steps + 1 }, (_, step) => 1 - step / steps);
  return noise.map((share) => 1 - (shift * share) / (1 + (shift - 1) * share));
}

/**
 * The states of sampling from noise: the second-order Adams-Bashforth method with variable steps, the first of
 * them Euler's, as `aigc_tf.families.flow.samplers` has it.
 *
 * @param {(noisy: Float32Array, time: number) => Promise<Float32Array>} predict the denoised picture
 * @param {Float32Array} noise
 * @param {number[]} times
 */
export async function* states(predict, noise, times) {
  let x = noise;
  let [earlier, length] = [null, 0];
  for (const [index, time] of times.slice(0, -1).entries()) {
    const step = times[index + 1] - time;
    const predicted = await predict(x, time);
    const slope = predicted.map((value, place) => (value - x[place]) / (1 - time));
    const half = earlier ? (0.5 * step) / length : 0;
    const before = earlier ?? slope;
    x = x.map((value, place) => value + step * ((1 + half) * slope[place] - half * before[place]));
    [earlier, length] = [slope, step];
    yield x;
  }
}

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  [output] = Object.entries(model.signatures[panel.signature].outputs);
  section.innerHTML = MARKUP;
  element("steps").value = panel.steps;
  sheet.fill(inputs, drawAll, choose);
  if (sheet.classInput(inputs)) {
    element("guiding").hidden = false;
    element("guidance").value = panel.guidance;
  }
  for (const id of ["steps", "guidance"]) element(id).addEventListener("input", drawAll);
  element("play").addEventListener("click", () => choose(chosen));
  await drawAll();
}

/** The prediction for a noisy picture, with classifier-free guidance to the chosen class. */
async function predict(noisy, time) {
  const told = sheet.classInput(inputs);
  const asked = async (label) => {
    const given = { noisy, time: [time] };
    if (told) given[told.name] = [label];
    return (await model.run(panel.signature, given))[output[0]];
  };
  const weight = Number(element("guidance").value);
  const predicted = await asked(sheet.label());
  if (!told || weight === 1) return predicted;
  const any = await asked(panel.untold);
  return any.map((value, index) => value + weight * (predicted[index] - value));
}

/** Shows numbers in [-1, 1] in a canvas. */
function display(canvas, values) {
  paint(canvas, values.map((value) => 0.5 * value + 0.5), output[1].shape);
}

/** The noise of a sample of the sheet. */
function noiseOf(index) {
  const size = output[1].shape.reduce((product, length) => product * length, 1);
  return normals(sheet.seed(), sheet.SAMPLES * size).subarray(index * size, (index + 1) * size);
}

/** Draws the sheet for the seed in the field, then its first picture enlarged; a later call cancels an earlier one. */
async function drawAll() {
  const own = (drawing = Symbol("sheet"));
  const steps = Number(element("steps").value);
  element("steps-value").textContent = steps;
  element("guidance-value").textContent = Number(element("guidance").value).toFixed(2);
  for (const [index, canvas] of sheet.canvases().entries()) {
    let last;
    for await (last of states(predict, noiseOf(index).slice(), schedule(steps, panel.shift))) if (drawing !== own) return;
    display(canvas, last);
  }
  await choose(chosen);
}

/** Animates the generation of a sample in the large picture. */
async function choose(index) {
  const own = (drawing = Symbol("picture"));
  chosen = index;
  sheet.mark(index);
  const steps = Number(element("steps").value);
  let step = 0;
  display(element("picture"), noiseOf(index));
  for await (const values of states(predict, noiseOf(index).slice(), schedule(steps, panel.shift))) {
    await new Promise(requestAnimationFrame); // each state is seen
    if (drawing !== own) return;
    display(element("picture"), values);
    step += 1;
    element("shown").textContent = `Step ${step} of ${steps}`;
  }
  const milliseconds = model.milliseconds(panel.signature);
  if (milliseconds) element("speed").textContent = `${Number(milliseconds.toPrecision(2))} ms per evaluation`;
}
