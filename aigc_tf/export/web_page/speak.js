// Text-to-speech: letters become frames, frames become sound.
//
// The panel has the file's metadata (docs/MOBILE.md): `vocabulary`, `rate`, `hop`, `letters`, `frames` and
// `longest_letter`; and the names of the signatures, `encode` and `signature`.
import { Player, speed, wave } from "./player.js";

const FIRST = 2; // number of the first letter; before it are the boundary and the unknown
const MARKUP = `
  <div class="bar">
    <h2><label for="speak-text">Text</label></h2>
    <span id="speak-speed" class="speed"></span>
    <button id="speak-say" type="button">Speak</button>
    <button id="speak-play" type="button" disabled>Play</button>
  </div>
  <input id="speak-text" type="text" autocomplete="off">
  <p id="speak-note" role="status"></p>
  <canvas id="speak-wave" role="img" aria-label="Wave of the sound"></canvas>
  <div class="slider">
    <label for="speak-rate">Speed</label>
    <input id="speak-rate" type="range" min="0.5" max="2" step="0.05" value="1">
    <output id="speak-rate-value" for="speak-rate">1.00</output>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, player;
let sound;

/** The samples of the latest speech; for scripts and tests. */
export const currentSound = () => sound;

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  section.innerHTML = MARKUP;
  const [text, rate] = [element("speak-text"), element("speak-rate")];
  text.maxLength = panel.letters;
  player = new Player(element("speak-play"), panel.rate, () => sound);
  rate.addEventListener("input", () => (element("speak-rate-value").textContent = Number(rate.value).toFixed(2)));
  element("speak-say").addEventListener("click", async () => {
    await speak();
    if (sound) player.play();
  });
  text.addEventListener("keydown", (event) => event.key === "Enter" && element("speak-say").click());
}

async function speak() {
  player.stop();
  const { numbers, unknown } = encode(element("speak-text").value);
  const missing = unknown.length ? `No recording has ${unknown.join(" ")}: left out.` : "";
  element("speak-note").textContent = numbers.length ? missing : "Type a text with letters from the recordings.";
  element("speak-play").disabled = !numbers.length;
  sound = undefined;
  if (!numbers.length) return;
  const begin = performance.now();
  const ones = new Array(numbers.length).fill(1);
  const fill = (values) => [...values, ...new Array(panel.letters - values.length).fill(0)];
  const encoded = await model.run(panel.encode, { symbols: fill(numbers), mask: fill(ones) });
  const { count, ...frames } = framesOf(encoded, numbers.length, Number(element("speak-rate").value));
  const made = await model.run(panel.signature, frames);
  sound = made.sound.slice(0, count * panel.hop);
  wave(element("speak-wave"), sound);
  element("speak-speed").textContent = speed(sound.length / panel.rate, performance.now() - begin);
}

/** Tokenizes a text to lower-case letters and single spaces; also returns the letters that the recordings lack. */
function encode(text) {
  const plain = text.toLowerCase().replace(/[^\p{L}\p{N}']+/gu, " ").trim().slice(0, panel.letters);
  const known = new Map(panel.vocabulary.map((symbol, number) => [symbol, number]).slice(FIRST));
  return {
    numbers: [...plain].filter((letter) => known.has(letter)).map((letter) => known.get(letter)),
    unknown: [...new Set([...plain].filter((letter) => !known.has(letter)))],
  };
}

/** Expands the letters' states to frames, as in `aigc_tf/families/speech/frames.py`. */
function framesOf({ states, means, log_frames: logFrames }, letters, rate) {
  const [width, bands] = [states, means].map((values) => values.length / panel.letters);
  const frames = {
    states: new Float32Array(panel.frames * width),
    means: new Float32Array(panel.frames * bands),
    progress: new Float32Array(panel.frames),
    mask: new Float32Array(panel.frames),
  };
  let count = 0;
  for (let letter = 0; letter < letters; letter++) {
    const spoken = Math.min(Math.exp(logFrames[letter]) / rate, panel.longest_letter);
    const own = Math.max(1, Math.round(spoken));
    for (let at = 0; at < own && count < panel.frames; at++, count++) {
      frames.states.set(states.subarray(letter * width, (letter + 1) * width), count * width);
      frames.means.set(means.subarray(letter * bands, (letter + 1) * bands), count * bands);
      frames.progress[count] = at / own;
      frames.mask[count] = 1;
    }
  }
  return { ...frames, count };
}
