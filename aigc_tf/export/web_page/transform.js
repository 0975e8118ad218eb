// Image-to-image: transforms an opened, drawn or example picture, and shows its anomaly score.
//
// The panel has `noise`, the standard deviation of a denoiser's input noise, or 0; `examples`, files beside the page;
// and the name of a signature that scores pictures as `score`, with `quantiles` (0 to 100 %) of ordinary scores.
import { normals } from "./latents.js";
import { fit, numbersOf, paint } from "./pictures.js";

const MARKUP = `
  <div class="bar">
    <h2>A picture in, a picture out</h2>
    <label class="button">Open picture<input id="file" type="file" accept="image/*"></label>
    <label>Pen <input id="pen" type="color" value="#ffffff"></label>
    <button id="clear" type="button">Clear</button>
  </div>
  <div id="pair">
    <figure>
      <canvas id="input" role="img" aria-label="Input: draw here"></canvas>
      <figcaption>Draw here, or open a picture. It stays on this device.</figcaption>
    </figure>
    <figure>
      <canvas id="output" role="img" aria-label="Output of the model"></canvas>
      <figcaption>Output of the model <span id="transform-speed" class="speed"></span></figcaption>
    </figure>
  </div>
  <div class="slider">
    <label for="noise">Noise added</label>
    <input id="noise" type="range" min="0" max="0.5" step="0.01">
    <output id="noise-value" for="noise"></output>
  </div>
  <p id="score" role="status" hidden></p>
  <div id="examples"></div>`;

const element = (id) => document.getElementById(id);

let panel, model, input, output;
const clean = document.createElement("canvas"); // without the noise, in the size that the model takes
let waiting = null; // the latest request

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  const signature = model.signatures[panel.signature];
  [input] = Object.entries(signature.inputs);
  [output] = Object.entries(signature.outputs);
  section.innerHTML = MARKUP;
  [, clean.height, clean.width] = input[1].shape;
  clean.getContext("2d", { willReadFrequently: true });
  element("noise").value = panel.noise ?? 0;
  element("noise").addEventListener("input", transform);
  element("file").addEventListener("change", chooseFile);
  element("clear").addEventListener("click", clear);
  addPen();
  (panel.examples ?? []).forEach(addExample);
  const first = element("examples").querySelector("img");
  await first?.decode();
  await (first ? take(first) : clear());
}

/** Transforms the canvas; of requests that arrive meanwhile only the latest is kept. */
async function transform() {
  const busy = waiting !== null;
  waiting = noisy();
  while (!busy && waiting !== null) {
    const numbers = waiting;
    paint(element("input"), numbers, input[1].shape);
    const made = await model.run(panel.signature, { [input[0]]: numbers });
    paint(element("output"), made[output[0]], output[1].shape);
    if (panel.score) await showScore(numbers);
    const milliseconds = model.milliseconds(panel.signature);
    element("transform-speed").textContent = milliseconds ? `${Number(milliseconds.toPrecision(2))} ms` : "";
    if (waiting === numbers) waiting = null;
  }
}

/** The picture with as much noise as the slider says, always the same. */
function noisy() {
  const deviation = Number(element("noise").value);
  element("noise-value").textContent = deviation.toFixed(2);
  const numbers = numbersOf(clean, input[1].shape);
  if (!deviation) return numbers;
  const noise = normals(0, numbers.length);
  return numbers.map((value, index) => Math.min(1, Math.max(0, value + deviation * noise[index])));
}

async function showScore(numbers) {
  const signature = model.signatures[panel.score];
  const [name, { meaning }] = Object.entries(signature.outputs)[0];
  const [score] = (await model.run(panel.score, { [input[0]]: numbers }))[name];
  const share = panel.quantiles.filter((value) => value < score).length / panel.quantiles.length;
  element("score").hidden = false;
  const beside = share === 1 ? "all" : `${Math.floor(100 * share)} % of`;
  element("score").textContent = `Score ${score.toPrecision(4)}, above ${beside} ordinary pictures (${meaning})`;
}

async function chooseFile() {
  const [file] = element("file").files;
  if (!file) return;
  try {
    await take(await createImageBitmap(file));
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    element("score").hidden = false;
    element("score").textContent = `${file.name} is not a picture that this browser can read.`;
  }
}

function take(image) {
  fit(clean, image);
  return transform();
}

function clear() {
  clean.getContext("2d").fillStyle = "black";
  clean.getContext("2d").fillRect(0, 0, clean.width, clean.height);
  return transform();
}

function addExample(address, index) {
  const button = document.createElement("button");
  const image = new Image();
  button.type = "button";
  image.alt = `Example ${index + 1}`;
  image.src = address;
  button.append(image);
  button.addEventListener("click", () => take(image));
  element("examples").append(button);
}

/** Lets the user draw on the canvas with mouse, pen or finger. */
function addPen() {
  const canvas = element("input");
  const context = clean.getContext("2d");
  const place = (event) => [
    (event.offsetX / canvas.clientWidth) * clean.width,
    (event.offsetY / canvas.clientHeight) * clean.height,
  ];
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...place(event));
    move(event);
  });
  function move(event) {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    context.strokeStyle = element("pen").value;
    context.lineWidth = Math.max(clean.width, clean.height) / 14;
    context.lineCap = context.lineJoin = "round";
    context.lineTo(...place(event));
    context.stroke();
    transform();
  }
  canvas.addEventListener("pointermove", move);
}
