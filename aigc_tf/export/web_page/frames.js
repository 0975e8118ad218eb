// Generates video frames: the next ones, one at a time, or those in a gap.
//
// The panel has `given`, the number of frames in an example clip; `made`, the default number to generate; `rate`,
// frames per second; and for gaps `gap`, the number of frames to generate after the first half of the given ones.
import { fit, numbersOf, paint } from "./pictures.js";

const MOST = 60; // frames that are made
const MARKUP = `
  <div class="bar">
    <h2>Frames</h2>
    <span id="frames-speed" class="speed"></span>
    <button id="frames-other" type="button">Another clip</button>
  </div>
  <div id="one">
    <canvas id="frames-picture" role="img" aria-label="The clip: given frames, then generated ones"></canvas>
    <p id="frames-note" role="status"></p>
  </div>
  <div class="bar">
    <label>A video, or pictures sorted by name
      <input id="frames-files" type="file" accept="video/*,image/*" multiple></label>
    <label id="frames-more" hidden>Frames <input id="frames-count" type="number" min="1" max="${MOST}" required></label>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, shape;
let examples = []; // clips of given frames
let example = -1;
let given = []; // frames of the clip at hand, as numbers
let shown = []; // [numbers, whether they were made]
let moment = 0;

/** The frames that are shown, given and made ones, as arrays of numbers; for scripts and tests. */
export const currentFrames = () => shown.map(([numbers]) => Array.from(numbers));

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  inputs = model.signatures[panel.signature].inputs;
  shape = model.signatures[panel.signature].inputs[panel.gap ? "known" : "frame"].shape;
  if (panel.gap) shape = [...shape.slice(0, 3), shape[3] / panel.given];
  section.innerHTML = MARKUP;
  element("frames-more").hidden = Boolean(panel.gap);
  element("frames-count").value = panel.made;
  element("frames-count").addEventListener("change", () => element("frames-count").reportValidity() && make());
  element("frames-files").addEventListener("change", () => open([...element("frames-files").files]));
  element("frames-other").addEventListener("click", next);
  element("frames-other").hidden = !panel.examples?.length;
  say("Choose a video, or some pictures.");
  await loadExamples();
  setInterval(play, 1000 / panel.rate);
  if (examples.length) await next();
}

const say = (note) => (element("frames-note").textContent = note);

/** The clips of the page: each example is a frame. */
async function loadExamples() {
  const frames = [];
  for (const name of panel.examples ?? []) frames.push(fitted(await picture(name)));
  while (frames.length >= panel.given) examples.push(frames.splice(0, panel.given));
}

function picture(address) {
  const image = new Image();
  image.src = address;
  return image.decode().then(() => image);
}

/** An image or a video's current frame as the network takes it. */
function fitted(image) {
  const canvas = document.createElement("canvas");
  [, canvas.height, canvas.width] = shape;
  fit(canvas, image);
  return numbersOf(canvas, shape);
}

async function next() {
  example = (example + 1) % examples.length;
  given = examples[example];
  await make();
}

/** Takes frames of the user's files: the last of a video or of pictures. */
async function open(files) {
  if (!files.length) return;
  const read = files[0].type.startsWith("video/") ? framesOfVideo(files[0]) : framesOfPictures(files);
  try {
    given = await read;
  } catch {
    say("This browser cannot read that as a video or as pictures.");
    return;
  }
  if (given.length < panel.given) say(`${panel.given} frames are needed, but there are only ${given.length}.`);
  else await make();
}

async function framesOfPictures(files) {
  const ordered = files.sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  const frames = [];
  for (const file of ordered.slice(-panel.given)) frames.push(fitted(await createImageBitmap(file)));
  return frames;
}

async function framesOfVideo(file) {
  const video = document.createElement("video");
  video.muted = true;
  const happened = (name) => new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", reject, { once: true });
  });
  const loaded = happened("loadeddata");
  video.src = URL.createObjectURL(file);
  await loaded;
  const frames = [];
  for (let place = panel.given; place > 0; place--) {
    const sought = happened("seeked");
    video.currentTime = Math.max(0, video.duration - (place - 0.5) / panel.rate);
    await sought;
    frames.push(fitted(video));
  }
  URL.revokeObjectURL(video.src);
  return frames;
}

/** Generates frames from the given ones, and plays all of them. */
async function make() {
  const own = given;
  const made = await (panel.gap ? between(own) : ahead(own, Number(element("frames-count").value)));
  if (own !== given) return; // another clip was chosen
  const before = panel.gap ? panel.given / 2 : panel.given;
  shown = [
    ...own.slice(0, before).map((numbers) => [numbers, false]),
    ...made.map((numbers) => [numbers, true]),
    ...own.slice(before).map((numbers) => [numbers, false]),
  ];
  moment = 0;
  const milliseconds = model.milliseconds(panel.signature);
  const times = (1000 * (panel.gap ?? 1)) / panel.rate / milliseconds;
  if (milliseconds) element("frames-speed").textContent = `${Number(times.toPrecision(2))} times real time`;
}

/** Reads the given frames one by one, then each that was made. */
async function ahead(frames, count) {
  const { feedback } = model.signatures[panel.signature];
  const made = [];
  let states = {};
  let [frame, ...rest] = frames;
  while (made.length < count) {
    const outputs = await model.run(panel.signature, { frame, ...states });
    states = Object.fromEntries(Object.entries(feedback).map(([output, input]) => [input, outputs[output]]));
    if (!rest.length) made.push(outputs.next);
    frame = rest.length ? rest.shift() : outputs.next;
  }
  return made;
}

/** The frames of the gap: frames are channels, one after the other. */
async function between(frames) {
  const [, height, width, channels] = shape;
  const known = new Float32Array(height * width * channels * frames.length);
  const deal = (pixel, frame, colour, count) => (pixel * count + frame) * channels + colour;
  frames.forEach((numbers, frame) => numbers.forEach((value, at) => {
    known[deal(Math.floor(at / channels), frame, at % channels, frames.length)] = value;
  }));
  const { between: made } = await model.run(panel.signature, { known });
  return Array.from({ length: panel.gap }, (_, frame) => Float32Array.from(
    { length: height * width * channels },
    (_, at) => made[deal(Math.floor(at / channels), frame, at % channels, panel.gap)],
  ));
}

function play() {
  if (!shown.length) return;
  moment = (moment + 1) % shown.length;
  const [numbers, isMade] = shown[moment];
  paint(element("frames-picture"), numbers, shape);
  element("frames-picture").classList.toggle("made", isMade);
  say(`Frame ${moment + 1} of ${shown.length}: ${isMade ? "made" : "given"}.`);
}
