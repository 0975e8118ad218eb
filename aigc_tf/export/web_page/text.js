// Tokenization, decoding, and sampling of the next symbol.

// As Python's re knows words: letters, numbers and _; white space is what str.isspace says.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LETTER = "\\p{L}\\p{N}_";
export const WORD = new RegExp(` ?[${LETTER}]+| ?[^${LETTER}${SPACE}]+|[${SPACE}]`, "gu");

/** The vocabulary of a model, from the metadata of its file (docs/MOBILE.md). */
export class Vocabulary {
  #symbols;
  #unit;
  #numbers;
  #longest;

  constructor({ vocabulary, unit }) {
    this.#symbols = vocabulary;
    this.#unit = unit;
    this.#numbers = new Map(vocabulary.map((symbol, number) => [symbol, number]));
    this.#longest = vocabulary.reduce((longest, symbol) => Math.max(longest, symbol.length), 0);
  }

  /**
   * A prompt adapted to the tokens. Words and subwords include the space before them: one at the end is left to what
   * comes next, and a first word that is known only after a space gets one.
   */
  fitted(text) {
    if (this.#unit !== "word" && this.#unit !== "subword") return text;
    const prompt = text.replace(/ +$/, "");
    const [first] = prompt.match(WORD) ?? [""];
    const isKnown = (word) => this.encode(word).unknown === undefined;
    return isKnown(first) || !isKnown(` ${first}`) ? prompt : ` ${prompt}`;
  }

  /** The ids of a text, and the first part of it that the vocabulary lacks, if there is one. */
  encode(text) {
    if (this.#unit === "byte") return { tokens: [...new TextEncoder().encode(text)].map((byte) => byte + 1) };
    const parts = this.#unit === "word" ? text.match(WORD) ?? [] : this.#unit === "subword" ? this.#cut(text) : [...text];
    const unknown = parts.find((part) => part === "\ufffd" || !this.#numbers.has(part));
    return { tokens: parts.map((part) => this.#numbers.get(part)), unknown };
  }

  /** Pieces of a text, the longest that fits first; a character that fits nowhere is a piece of its own. */
  #cut(text) {
    const pieces = [];
    for (let at = 0; at < text.length; at += pieces.at(-1).length) {
      let length = Math.min(this.#longest, text.length - at);
      while (length > 1 && !this.#numbers.has(text.slice(at, at + length))) length--;
      pieces.push(length === 1 ? String.fromCodePoint(text.codePointAt(at)) : text.slice(at, at + length));
    }
    return pieces;
  }

  /** A function from one number after the other to text; a character of several bytes comes with the last of them. */
  decoder() {
    if (this.#unit !== "byte") return (token) => this.#symbols[token];
    const utf8 = new TextDecoder();
    return (token) => utf8.decode(Uint8Array.of(token - 1), { stream: true });
  }
}

/**
 * The next symbol: at temperature 0 the likeliest, else the one that a uniform number in [0, 1) picks with the
 * probabilities softmax(logits / temperature).
 */
export function choose(logits, temperature, uniform) {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  if (temperature === 0) return logits.indexOf(largest);
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return index >= 0 ? index : logits.indexOf(largest);
}

/** Feeds symbols to a model with states, as `aigc_tf.families.text.writing.Reader` does. */
export class Reader {
  #model;
  #step;
  #prefill;
  #context;
  #states = null; // tensors by the names of the inputs
  #constants;
  #held = [];

  /** `panel` names the signatures and has `context_length`; `constants` are further inputs, the same in each step. */
  constructor(model, panel, constants = {}) {
    this.#model = model;
    this.#step = panel.signature;
    this.#prefill = panel.prefill;
    this.#context = panel.context_length ?? Infinity;
    this.#constants = constants;
  }

  /** Logits of the next symbol after these and all earlier ones. */
  async read(tokens) {
    if (this.#held.length + tokens.length > this.#context) {
      tokens = [...this.#held, ...tokens].slice(-Math.max(1, this.#context >> 1));
      this.close();
    }
    let logits;
    while (tokens.length) {
      const count = this.#fitting(tokens);
      logits = count ? await this.#readPiece(tokens.slice(0, count)) : await this.#readOne(tokens[0]);
      this.#held.push(...tokens.slice(0, count || 1));
      tokens = tokens.slice(count || 1);
    }
    if (this.#context === Infinity) this.#held = []; // a recurrent network need not know
    return logits;
  }

  /** How many of some numbers `prefill` can read at once; 0 where one is read by itself. */
  #fitting(tokens) {
    if (!this.#prefill || tokens.length < 2) return 0;
    const [, piece] = this.#model.signatures[this.#prefill].inputs.tokens.shape;
    return this.#held.length + piece <= this.#context ? Math.min(piece, tokens.length) : 0;
  }

  #readOne(token) {
    return this.#call(this.#step, { token: [token], ...this.#constants });
  }

  #readPiece(tokens) {
    const [, piece] = this.#model.signatures[this.#prefill].inputs.tokens.shape;
    const padded = [...tokens, ...Array(piece - tokens.length).fill(0)];
    return this.#call(this.#prefill, { tokens: padded, count: [tokens.length] });
  }

  async #call(signature, numbers) {
    const { feedback } = this.#model.signatures[this.#step];
    const given = Object.entries(numbers).map(([name, values]) => [name, this.#model.tensor(signature, name, values)]);
    const fed = Object.entries(feedback);
    this.#states ??= Object.fromEntries(fed.map(([, name]) => [name, this.#model.tensor(this.#step, name)]));
    const outputs = await this.#model.call(signature, { ...Object.fromEntries(given), ...this.#states });
    for (const tensor of [...given.map(([, tensor]) => tensor), ...Object.values(this.#states)]) tensor.delete();
    this.#states = Object.fromEntries(fed.map(([output, name]) => [name, outputs[output]]));
    const logits = outputs.logits.toTypedArray();
    outputs.logits.delete();
    return logits;
  }

  /** Resets the states, and frees their memory. */
  close() {
    for (const tensor of Object.values(this.#states ?? {})) tensor.delete();
    this.#states = null;
    this.#held = [];
  }
}
