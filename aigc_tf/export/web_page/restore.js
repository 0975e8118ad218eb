// Restores a photograph of any size, tile by tile, and shows it beside the original.
//
// The panel has the file's metadata (docs/MOBILE.md): `scale`, `multiple`, and `overlap`, pixels around a tile
// whose results are discarded. Inputs besides `image`: `sigma` becomes a slider, `mask` is painted.
import { numbersOf, paint } from "./pictures.js";

const MOST_PIXELS = 2 ** 24; // of a canvas, on phones
const BRUSH = 1 / 25; // of the longer side
const PAINTED = "#e03060"; // the style sheet makes it translucent
const MARKUP = `
  <div class="bar">
    <h2>A photograph in, a photograph out</h2>
    <label class="button">Open picture<input id="photo" type="file" accept="image/*"></label>
    <label class="button">Camera<input id="camera" type="file" accept="image/*" capture="environment"></label>
    <button id="fill" type="button" hidden disabled>Fill</button>
    <button id="unpaint" type="button" hidden disabled>Clear</button>
    <button id="save" type="button" disabled>Save</button>
  </div>
  <div class="slider" id="strength" hidden>
    <label for="sigma">Noise level</label>
    <input id="sigma" type="range" min="0" max="75" step="1" value="25">
    <output id="sigma-value" for="sigma">25</output>
  </div>
  <div id="view" hidden>
    <canvas id="after" role="img" aria-label="The restored photograph"></canvas>
    <canvas id="before" role="img" aria-label="The original photograph"></canvas>
    <canvas id="hole" role="img" aria-label="Painted areas are missing"></canvas>
  </div>
  <input id="split" type="range" min="0" max="100" step="0.5" value="50" aria-label="Before and after" hidden>
  <div class="bar" id="working" hidden>
    <progress id="progress" max="1" value="0" aria-label="Progress"></progress>
    <button id="stop" type="button">Stop</button>
  </div>
  <p id="restore-note" role="status">Choose a photograph, or take one. It stays on this device.</p>`;

const element = (id) => document.getElementById(id);

let panel, model, signature, output;
let photo = null; // a canvas with the chosen photograph, at its original size
let worker = null; // a token of the work in progress
let name = ""; // of what is saved

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  signature = model.signatures[panel.signature];
  [output] = Object.entries(signature.outputs);
  section.innerHTML = MARKUP;
  for (const id of ["photo", "camera"]) element(id).addEventListener("change", (event) => open(event.target.files[0]));
  element("split").addEventListener("input", split);
  element("stop").addEventListener("click", () => finish("Stopped."));
  element("save").addEventListener("click", save);
  if (signature.inputs.sigma) addStrength();
  if (signature.inputs.mask) addBrush();
  else element("hole").remove();
  split();
}

/** Shows this share of the original, from the left. */
function split() {
  element("view").style.setProperty("--split", `${element("split").value}%`);
}

function say(note) {
  element("restore-note").textContent = note;
}

function addStrength() {
  element("strength").hidden = false;
  element("sigma").addEventListener("input", () => {
    element("sigma-value").textContent = element("sigma").value;
  });
  element("sigma").addEventListener("change", () => photo && restore());
}

/** Lets the user paint over what is missing, with mouse, pen or finger. */
function addBrush() {
  for (const id of ["fill", "unpaint"]) element(id).hidden = false;
  element("fill").addEventListener("click", restore);
  element("unpaint").addEventListener("click", startPainting);
  const canvas = element("hole");
  const place = (event) => [
    (event.offsetX / canvas.clientWidth) * canvas.width,
    (event.offsetY / canvas.clientHeight) * canvas.height,
  ];
  canvas.addEventListener("pointerdown", (event) => {
    if (!photo || worker) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.remove("filled");
    canvas.getContext("2d").beginPath();
    canvas.getContext("2d").moveTo(...place(event));
    move(event);
  });
  function move(event) {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const context = canvas.getContext("2d");
    context.strokeStyle = PAINTED;
    context.lineWidth = BRUSH * Math.max(canvas.width, canvas.height);
    context.lineCap = context.lineJoin = "round";
    context.lineTo(...place(event));
    context.stroke();
  }
  canvas.addEventListener("pointermove", move);
}

/** Nothing is missing yet. */
function startPainting() {
  finish("Paint over what is missing or unwanted, then press Fill.");
  reset(element("hole"), photo.width, photo.height);
  reset(element("after"), photo.width, photo.height).drawImage(photo, 0, 0);
  for (const id of ["fill", "unpaint"]) element(id).disabled = false;
}

/** A canvas of a size with nothing in it; gives its context. */
function reset(canvas, width, height) {
  [canvas.width, canvas.height] = [width, height];
  return canvas.getContext("2d", { willReadFrequently: true });
}

/** Takes a file as the photograph, and restores it unless something has to be painted first. */
async function open(file) {
  if (!file) return;
  let image;
  try {
    image = await createImageBitmap(file);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    return say(`${file.name} is not a picture that this browser can read.`);
  }
  finish("");
  const smaller = Math.min(1, Math.sqrt(MOST_PIXELS / (image.width * image.height)) / panel.scale);
  const [width, height] = [image.width, image.height].map((size) => Math.max(1, Math.floor(size * smaller)));
  photo = document.createElement("canvas");
  for (const canvas of [photo, element("before")]) {
    const context = reset(canvas, width, height);
    context.fillStyle = "white"; // behind what is transparent
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
  }
  reset(element("after"), width, height).drawImage(photo, 0, 0);
  name = file.name.replace(/\.[^.]*$/, "");
  for (const id of ["view", "split"]) element(id).hidden = false;
  if (signature.inputs.mask) startPainting();
  else await restore(smaller < 1 ? ` It was reduced to ${width} × ${height} pixels, the limit of a canvas.` : "");
  return undefined;
}

/** Cancels the work in progress. */
function finish(note) {
  worker = null;
  element("working").hidden = true;
  say(note);
}

/** Restores the photograph into the other canvas, tile by tile, until it is stopped. */
async function restore(remark = "") {
  const own = Symbol("photograph");
  worker = own;
  element("working").hidden = false;
  element("save").disabled = true;
  element("hole")?.classList.remove("filled");
  const after = reset(element("after"), panel.scale * photo.width, panel.scale * photo.height);
  after.drawImage(photo, 0, 0, panel.scale * photo.width, panel.scale * photo.height); // a preview until tiles are done
  const begin = performance.now();
  for await (const [done, square, place] of squares()) {
    if (worker !== own) return;
    after.drawImage(square, ...place);
    element("progress").value = done;
    say(`${Math.ceil((((performance.now() - begin) / done) * (1 - done)) / 1000)} s left`);
    await new Promise((resolve) => setTimeout(resolve)); // lets the page redraw and respond
    if (worker !== own) return;
  }
  element("save").disabled = false;
  element("hole")?.classList.add("filled");
  const [width, height] = [after.canvas.width, after.canvas.height];
  finish(`${width} × ${height} pixels in ${((performance.now() - begin) / 1000).toFixed(1)} s.${remark}`);
}

/**
 * The model's output for each tile: the share that is done, a canvas, and the arguments of `drawImage` that put its
 * middle in place.
 */
async function* squares() {
  const [, side] = signature.inputs.image.shape;
  const { scale, multiple } = panel;
  const overlap = Math.min(Math.ceil(panel.overlap / multiple), Math.floor(side / 4 / multiple)) * multiple;
  const keep = side - 2 * overlap;
  const [columns, rows] = [photo.width, photo.height].map((size) => Math.ceil(size / keep));
  const around = [columns * keep + 2 * overlap, rows * keep + 2 * overlap];
  const sources = { image: mirrored(photo, ...around, overlap) };
  if (signature.inputs.mask) sources.mask = mirrored(maskOf(element("hole")), ...around, overlap);
  const square = document.createElement("canvas");
  const kept = [scale * overlap, scale * overlap, scale * keep, scale * keep];
  for (let index = 0; index < rows * columns; index++) {
    const [left, top] = [(index % columns) * keep, Math.floor(index / columns) * keep];
    const given = { sigma: [Number(element("sigma").value)] };
    for (const [input, canvas] of Object.entries(sources)) {
      given[input] = numbersOf(canvas, signature.inputs[input].shape, left, top);
    }
    const made = await model.run(panel.signature, given);
    paint(square, made[output[0]].map((value) => Math.min(1, Math.max(0, value))), output[1].shape);
    yield [(index + 1) / (rows * columns), square, [...kept, scale * left, scale * top, scale * keep, scale * keep]];
  }
}

/** A picture padded by reflection: `before` pixels at the left and above. */
function mirrored(picture, width, height, before) {
  const canvas = document.createElement("canvas");
  const context = reset(canvas, width, height);
  const copies = (size, all) => {
    const [first, last] = [-Math.ceil(before / size), Math.ceil((all - before) / size)];
    return Array.from({ length: last - first }, (_, index) => first + index);
  };
  for (const row of copies(picture.height, height)) {
    for (const column of copies(picture.width, width)) {
      const [turnedX, turnedY] = [column % 2 !== 0, row % 2 !== 0];
      const x = before + (column + (turnedX ? 1 : 0)) * picture.width;
      const y = before + (row + (turnedY ? 1 : 0)) * picture.height;
      context.setTransform(turnedX ? -1 : 1, 0, 0, turnedY ? -1 : 1, x, y);
      context.drawImage(picture, 0, 0);
    }
  }
  context.resetTransform();
  return canvas;
}

/** White where something was painted, black elsewhere. */
function maskOf(painted) {
  const { width, height } = painted;
  const pixels = painted.getContext("2d").getImageData(0, 0, width, height);
  for (let pixel = 0; pixel < pixels.data.length; pixel += 4) {
    pixels.data.fill(pixels.data[pixel + 3] > 127 ? 255 : 0, pixel, pixel + 3);
    pixels.data[pixel + 3] = 255;
  }
  const canvas = document.createElement("canvas");
  reset(canvas, width, height).putImageData(pixels, 0, 0);
  return canvas;
}

/** Saves the result as a PNG file. */
function save() {
  element("after").toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}-restored.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}
