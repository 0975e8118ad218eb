// Text-to-image: generates a picture for a typed prompt, step by step from noise, or at once.
//
// The panel has the file's caption metadata (docs/MOBILE.md): `vocabulary`, `unit`, `unknown`, `merges`,
// `padding` and `length`; `encode`, the signature from words to states; `steps` and `guidance`, the initial values, of
// which `steps` is null where the signature makes a picture at once; of a flow `shift`, which places the steps in time;
// and `texts` to try.
import { schedule, states } from "./flow.js";
import { normals } from "./latents.js";
import { paint } from "./pictures.js";
import { Symbols } from "./rewrite.js";

const PAUSE = 400; // milliseconds without typing, after which it draws
const MAX_STEPS = 50;
const MARKUP = `
  <div id="one">
    <canvas id="picture" role="img" aria-label="The picture, as it forms from noise"></canvas>
    <div class="bar">
      <span id="speed" class="speed"></span>
      <button id="another" type="button" title="The same words with other noise">Another</button>
    </div>
  </div>
  <div>
    <h2><label for="prompt-words">Prompt</label></h2>
    <input id="prompt-words" type="text" autocomplete="off" list="prompt-texts">
    <datalist id="prompt-texts"></datalist>
    <p id="prompt-note" role="status"></p>
    <div class="slider" data-of-flows>
      <label for="steps">Steps</label>
      <input id="steps" type="range" min="1" max="${MAX_STEPS}" step="1"><output id="steps-value" for="steps"></output>
    </div>
    <div class="slider" data-of-flows>
      <label for="guidance">Guidance</label>
      <input id="guidance" type="range" min="0" max="8" step="0.25">
      <output id="guidance-value" for="guidance"></output>
    </div>
    <p id="shown" role="status"></p>
  </div>`;

const element = (id) => document.getElementById(id);
const sizeOf = (shape) => shape.reduce((product, length) => product * length, 1);

let panel, model, symbols, output;
let seed = 0;
let drawing = null; // a token of what is being drawn
let waiting;

export async function show(section, described, loaded) {
  [panel, model, symbols] = [described, loaded, new Symbols(described)];
  [output] = Object.entries(model.signatures[panel.signature].outputs);
  section.innerHTML = MARKUP;
  if (panel.steps === null) for (const slider of section.querySelectorAll("[data-of-flows]")) slider.remove();
  else showSliders();
  for (const text of panel.texts) element("prompt-texts").append(new Option(text));
  element("prompt-words").value = panel.texts[0];
  element("prompt-words").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, PAUSE);
  });
  element("another").addEventListener("click", () => {
    seed += 1;
    draw();
  });
  await draw();
}

function showSliders() {
  for (const id of ["steps", "guidance"]) {
    element(id).value = panel[id];
    element(id).addEventListener("input", draw);
  }
}

/** The tokenized prompt: lower case, single spaces, truncated or padded to the length. */
function numbersOf(text) {
  const plain = text.toLowerCase().split(/\s+/).filter(Boolean).join(" ");
  const numbers = plain ? symbols.encode(plain).slice(0, panel.length) : [];
  const unknown = numbers.filter((number) => number === panel.unknown).length;
  element("prompt-note").textContent = unknown ? `${unknown} of the words stand in no caption that was learnt.` : "";
  return [...numbers, ...Array(panel.length - numbers.length).fill(panel.padding)];
}

/** Draws the words in the field; a later call ends an earlier one. */
async function draw() {
  const own = (drawing = Symbol("picture"));
  const { states: told } = await model.run(panel.encode, { words: numbersOf(element("prompt-words").value) });
  if (drawing !== own) return;
  if (panel.steps === null) await drawAtOnce(told, own);
  else await drawInSteps(told, own);
  const milliseconds = model.milliseconds(panel.signature);
  const of = panel.steps === null ? "a picture" : "an evaluation";
  if (milliseconds) element("speed").textContent = `${Number(milliseconds.toPrecision(2))} ms ${of}`;
}

async function drawAtOnce(told, own) {
  const latent = normals(seed, sizeOf(model.signatures[panel.signature].inputs.latent.shape));
  const drawn = await model.run(panel.signature, { latent, states: told });
  if (drawing !== own) return;
  paint(element("picture"), drawn[output[0]], output[1].shape);
  element("shown").textContent = `Picture ${seed + 1}`;
}

async function drawInSteps(told, own) {
  const steps = Number(element("steps").value);
  const weight = Number(element("guidance").value);
  element("steps-value").textContent = steps;
  element("guidance-value").textContent = weight.toFixed(2);
  const nothing = new Float32Array(told.length);
  const asked = async (noisy, time, given) =>
    (await model.run(panel.signature, { noisy, time: [time], states: given }))[output[0]];

  async function predict(noisy, time) {
    const predicted = await asked(noisy, time, told);
    if (weight === 1) return predicted;
    const any = await asked(noisy, time, nothing);
    return any.map((value, index) => value + weight * (predicted[index] - value));
  }

  const size = sizeOf(output[1].shape);
  let step = 0;
  for await (const values of states(predict, normals(seed, size), schedule(steps, panel.shift))) {
    await new Promise(requestAnimationFrame); // each state is seen
    if (drawing !== own) return;
    paint(element("picture"), values.map((value) => 0.5 * value + 0.5), output[1].shape);
    step += 1;
    element("shown").textContent = `Step ${step} of ${steps}`;
  }
}
