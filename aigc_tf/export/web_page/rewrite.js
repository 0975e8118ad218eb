// Sequence-to-sequence: the source is typed on the left, the output appears on the right, with its attention.
//
// The panel has the file's text metadata (docs/MOBILE.md): `vocabulary`, `source_vocabulary`, `merges`,
// `unit`, `start`, `end`, `unknown`, `never`, `padding`, `longest` and `no_repeat`; and the names of the signatures,
// `encode`, `begin` and `signature`; and `texts` to try.
import { WORD, choose } from "./text.js";

const PAUSE = 400; // milliseconds without typing, after which it writes
const MARKUP = `
  <div class="bar">
    <h2><label for="rewrite-source">Text</label></h2>
    <span id="rewrite-speed" class="speed"></span>
    <button id="rewrite-example" type="button">Example</button>
  </div>
  <div class="sides">
    <textarea id="rewrite-source" rows="10" placeholder="Type or paste a text."></textarea>
    <p id="rewrite-target" aria-live="polite" aria-label="Output"></p>
  </div>
  <p id="rewrite-read" aria-label="Input; darker where the model attends"></p>
  <p id="rewrite-note" role="status"></p>`;

const element = (id) => document.getElementById(id);

let panel, model, symbols;
let current = null; // a token of the output in progress
let waiting, example = 0;

export async function show(section, described, loaded) {
  [panel, model, symbols] = [described, loaded, new Symbols(described)];
  section.innerHTML = MARKUP;
  element("rewrite-source").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(rewrite, PAUSE);
  });
  element("rewrite-example").hidden = !panel.texts.length;
  element("rewrite-example").addEventListener("click", () => {
    element("rewrite-source").value = panel.texts[example++ % panel.texts.length];
    rewrite();
  });
}

/** Tokenizes the source text, as in `tools/tflite_rewrite.py`. */
export class Symbols {
  #unit;
  #unknown;
  #numbers;
  #ranks;

  constructor({ unit, unknown, vocabulary, source_vocabulary: own, merges }) {
    [this.#unit, this.#unknown, this.source] = [unit, unknown, own ?? vocabulary];
    this.#numbers = new Map(this.source.map((symbol, number) => [symbol, number]));
    this.#ranks = new Map((merges ?? []).map((pair, rank) => [pair.join("\0"), rank]));
  }

  encode(text) {
    if (this.#unit === "byte") return [...new TextEncoder().encode(text)].map((byte) => byte + 1);
    const words = this.#unit === "character" ? [...text] : ` ${text}`.match(WORD) ?? [];
    const parts = this.#unit === "subword" ? words.flatMap((word) => this.#cut(word)) : words;
    return parts.map((part) => this.#numbers.get(part) ?? this.#unknown);
  }

  /** Byte-pair encoding: applies the earliest learnt merge first. */
  #cut(word) {
    const parts = [...word];
    while (parts.length > 1) {
      let [best, place] = [Infinity, 0];
      for (let at = 0; at + 1 < parts.length; at++) {
        const rank = this.#ranks.get(`${parts[at]}\0${parts[at + 1]}`) ?? Infinity;
        if (rank < best) [best, place] = [rank, at];
      }
      if (best === Infinity) break;
      parts.splice(place, 2, parts[place] + parts[place + 1]);
    }
    return parts;
  }
}

/** Generates the output for the current source; cancels the output in progress. */
async function rewrite() {
  const own = Symbol("text");
  current = own;
  const text = element("rewrite-source").value.trim();
  for (const id of ["rewrite-target", "rewrite-read", "rewrite-note"]) element(id).replaceChildren();
  if (!text) return;
  const { shape } = model.signatures[panel.encode].inputs.source;
  const all = symbols.encode(text);
  const read = [...all.slice(0, shape[1] - 1), panel.end];
  if (all.length >= shape[1]) element("rewrite-note").textContent = `Only the first ${shape[1] - 1} symbols are read.`;
  const decoder = new TextDecoder();
  const shown = read.slice(0, -1).map((number) => span(symbolText(symbols.source, number, decoder)));
  element("rewrite-read").append(...shown);
  const begin = performance.now();
  let count = 0;
  const writer = new TextDecoder();
  for await (const { token, attention } of written(read, shape[1], () => current === own)) {
    if (current !== own) return;
    const part = span(symbolText(panel.vocabulary, token, writer));
    const look = () => shown.forEach((other, place) => {
      other.style.background = `rgba(255, 140, 0, ${Math.sqrt(attention[place])})`;
    });
    part.tabIndex = 0;
    part.addEventListener("mouseenter", look);
    part.addEventListener("focus", look);
    element("rewrite-target").append(part);
    count += 1;
    element("rewrite-speed").textContent = `${Math.round((1000 * count) / (performance.now() - begin))} symbols/s`;
  }
}

function span(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}

function symbolText(vocabulary, number, decoder) {
  return panel.unit === "byte" ? decoder.decode(Uint8Array.of(number - 1), { stream: true }) : vocabulary[number];
}

/** The generated symbols, each with its attention to the source, while `going()`. */
async function* written(read, length, going) {
  const source = [...read, ...Array(length - read.length).fill(panel.padding)];
  const { memory } = await model.run(panel.encode, { source });
  const made = await model.run(panel.begin, { source, memory }); // inputs that it does not have are left out
  const step = panel.signature;
  const { feedback } = model.signatures[step];
  const constants = { source: model.tensor(step, "source", source) };
  let states = Object.fromEntries(Object.values(feedback).map((name) => [name, model.tensor(step, name, made[name])]));
  for (const name of Object.keys(made)) if (!(name in states)) constants[name] = model.tensor(step, name, made[name]);
  const text = [];
  let next = panel.start;
  try {
    while (text.length < panel.longest && going()) {
      const token = model.tensor(step, "token", [next]);
      const outputs = await model.call(step, { token, ...constants, ...states });
      for (const tensor of [token, ...Object.values(states)]) tensor.delete();
      states = Object.fromEntries(Object.entries(feedback).map(([output, name]) => [name, outputs[output]]));
      const [logits, attention, gate] = ["logits", "attention", "gate"].map((name) => outputs[name]?.toTypedArray());
      for (const name of ["logits", "attention", "gate"]) outputs[name]?.delete();
      const chances = probabilities(logits, attention, gate, read);
      for (const number of [...panel.never, ...repeating(text, panel.no_repeat)]) chances[number] = 0;
      if (!text.length) chances[panel.end] = 0;
      next = choose(chances, 0, 0);
      if (next === panel.end) return;
      text.push(next);
      yield { token: next, attention };
    }
  } finally {
    for (const tensor of [...Object.values(constants), ...Object.values(states)]) tensor.delete();
  }
}

/** Probabilities of the next symbol: generated, or copied from where the model attends. */
function probabilities(logits, attention, gate, read) {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const share = gate ? 1 / (1 + Math.exp(-gate[0])) : 1;
  const scale = share / weights.reduce((sum, weight) => sum + weight, 0);
  const chances = weights.map((weight) => weight * scale);
  if (gate) read.forEach((number, place) => (chances[number] += (1 - share) * attention[place]));
  return chances;
}

/** Symbols that would repeat an n-gram of `length` symbols; none if it is 0. */
function repeating(text, length) {
  const found = [];
  for (let at = 0; length && at + length <= text.length; at++) {
    const same = Array.from({ length: length - 1 }, (_, place) => text[at + place] === text[text.length - length + 1 + place]);
    if (same.every(Boolean)) found.push(text[at + length - 1]);
  }
  return found;
}
