// Continues a text, symbol by symbol.
//
// The panel has the file's text metadata (docs/MOBILE.md): `vocabulary`, `unit`, `start`, `never`, and
// if there are any `end`, `context_length`, the name of the signature that reads prompts, `prefill`, and `marks`: by
// the names of conditions, the prefix of such texts.
import { normals } from "./latents.js";
import { Reader, Vocabulary, choose } from "./text.js";

const BREATH = 30; // milliseconds of writing, after which the page is drawn again
const MARKUP = `
  <div class="bar">
    <h2><label for="text">Text</label></h2>
    <span id="write-speed" class="speed"></span>
    <button id="undo" type="button" disabled title="Undo the last continuation">Undo</button>
    <button id="write" type="button" title="Ctrl+Enter">Continue</button>
  </div>
  <textarea id="text" rows="12" spellcheck="false"
    placeholder="Type a beginning, or nothing, and press Continue (Ctrl+Enter). Escape stops."></textarea>
  <p id="note" role="status"></p>
  <label id="asked" hidden>Condition <select id="mark"></select></label>
  <div class="slider">
    <label for="temperature">Temperature</label>
    <input id="temperature" type="range" min="0" max="1.5" step="0.05" value="0.8">
    <output id="temperature-value" for="temperature">0.80</output>
  </div>
  <div class="slider">
    <label for="length">Symbols</label>
    <input id="length" type="range" min="10" max="1000" step="10" value="200">
    <output id="length-value" for="length">200</output>
  </div>`;

const element = (id) => document.getElementById(id);

let panel, model, vocabulary;
let writer = null; // a token of the text that is being written
const undo = []; // what the text was before each time

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  vocabulary = new Vocabulary(panel);
  section.innerHTML = MARKUP;
  for (const [name, mark] of Object.entries(panel.marks ?? {})) element("mark").add(new Option(name, mark));
  element("asked").hidden = !panel.marks;
  for (const [name, digits] of [["temperature", 2], ["length", 0]]) {
    element(name).addEventListener("input", () => {
      element(`${name}-value`).textContent = Number(element(name).value).toFixed(digits);
    });
  }
  element("write").addEventListener("click", () => (writer ? setWriter(null) : write()));
  element("undo").addEventListener("click", takeBack);
  section.addEventListener("keydown", (event) => {
    if (event.key === "Escape") setWriter(null);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !writer) write();
  });
}

function setWriter(token) {
  writer = token;
  element("write").textContent = token ? "Stop" : "Continue";
  element("text").readOnly = Boolean(token);
  element("undo").disabled = Boolean(token) || !undo.length;
}

function takeBack() {
  element("text").value = undo.pop();
  say("");
  setWriter(null);
}

function say(note) {
  element("note").textContent = note;
}

/** Writes until it has written enough, the text ends, or it is stopped. */
async function write() {
  const text = element("text").value;
  const fitted = vocabulary.fitted(text);
  const { tokens, unknown } = vocabulary.encode(fitted);
  if (unknown !== undefined) return say(`The model has no symbol for “${unknown}”: leave it out.`);
  const own = Symbol("text");
  undo.push(text);
  if (fitted !== text) element("text").value = text.replace(/ +$/, ""); // the next symbol brings the space
  setWriter(own);
  say("Writing");
  const reader = new Reader(model, panel, constants());
  const mark = vocabulary.encode(element("mark").value).tokens;
  const ended = await writeWith(reader, [panel.start, ...mark, ...tokens], () => writer === own);
  reader.close();
  say(ended ? "It ends here." : "");
  if (writer === own) setWriter(null);
  return undefined;
}

/** Appends the continuation of some symbols to the text while `going()`; returns whether the model has ended it. */
async function writeWith(reader, tokens, going) {
  const decode = vocabulary.decoder();
  const begin = performance.now();
  let breath = begin;
  let logits = await reader.read(tokens);
  for (let count = 1; count <= Number(element("length").value) && going(); count++) {
    for (const number of panel.never) logits[number] = -Infinity;
    const token = choose(logits, Number(element("temperature").value), Math.random());
    if (token === panel.end) return true;
    element("text").value += decode(token);
    if (performance.now() - breath > BREATH) {
      await new Promise((resolve) => setTimeout(resolve));
      element("text").scrollTop = element("text").scrollHeight;
      element("write-speed").textContent = `${Math.round((1000 * count) / (performance.now() - begin))} symbols/s`;
      breath = performance.now();
    }
    logits = await reader.read([token]);
  }
  return false;
}

/** Inputs of the step that stay the same for a text, such as a latent: standard normal numbers. */
function constants() {
  const { inputs, feedback } = model.signatures[panel.signature];
  const states = Object.values(feedback);
  const names = Object.keys(inputs).filter((name) => name !== "token" && !states.includes(name));
  const size = (name) => inputs[name].shape.reduce((product, length) => product * length, 1);
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  return Object.fromEntries(names.map((name) => [name, normals(seed, size(name))]));
}
