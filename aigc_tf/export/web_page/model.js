// The model: LiteRT.js runs model.tflite on a single CPU thread, which works from any origin and on any phone.

const SHORTEST_MEASUREMENT = 5; // milliseconds: browsers round their clocks, some to a whole one
const FEWEST_MEASUREMENTS = 5;
const MEASUREMENTS_KEPT = 51;
const ARRAYS = { float32: Float32Array, int32: Int32Array };

/** Fetches a file of this page. */
async function fetchFile(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

/** What page.json says: title, facts, signatures and panels. */
export async function loadDescription() {
  return (await fetchFile("page.json")).json();
}

/** Calls the signatures of the file, and measures how long that takes. */
export class Model {
  #compiled;
  #Tensor;
  #clocks = {};

  /** Loads LiteRT.js and the file; `signatures` is that of page.json: inputs and outputs with shape and dtype. */
  static async load(signatures) {
    const { loadLiteRt, loadAndCompile, Tensor } = await import("@litertjs/core");
    globalThis.Module = { printErr: console.debug }; // what LiteRT logs is not an error; what fails is thrown
    const starting = loadLiteRt("litert/core/wasm/").catch((error) => {
      throw new Error(`LiteRT.js does not start: ${error.message ?? error}`);
    });
    const [file] = await Promise.all([fetchFile("model.tflite"), starting]);
    const compiled = await loadAndCompile(new Uint8Array(await file.arrayBuffer()), { accelerator: "wasm" });
    return new Model(compiled, Tensor, signatures);
  }

  constructor(compiled, Tensor, signatures) {
    this.#compiled = compiled;
    this.#Tensor = Tensor;
    this.signatures = signatures;
    for (const name of Object.keys(signatures)) this.#clocks[name] = new Clock();
  }

  /** A tensor for an input of a signature, with these numbers or zeros. It is not collected: `delete` it. */
  tensor(signature, input, numbers) {
    const { shape, dtype } = this.signatures[signature].inputs[input];
    const size = shape.reduce((product, length) => product * length, 1);
    return new this.#Tensor(numbers ? ARRAYS[dtype].from(numbers) : new ARRAYS[dtype](size), shape);
  }

  /** From tensors to tensors, by name; the caller deletes both. */
  async call(signature, tensors) {
    const begin = performance.now();
    const outputs = await this.#compiled.signatures[signature].run(tensors);
    this.#clocks[signature].add(performance.now() - begin);
    return outputs;
  }

  /** From numbers to numbers, by name; inputs that are not given are zeros. */
  async run(signature, inputs) {
    const names = Object.keys(this.signatures[signature].inputs);
    const tensors = Object.fromEntries(names.map((name) => [name, this.tensor(signature, name, inputs[name])]));
    const outputs = await this.call(signature, tensors);
    const numbers = Object.entries(outputs).map(([name, tensor]) => [name, tensor.toTypedArray()]); // copies
    for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
    return Object.fromEntries(numbers);
  }

  /** Milliseconds a call: the median of recent measurements, undefined while there are too few. */
  milliseconds(signature) {
    return this.#clocks[signature].median;
  }
}

/** Measures calls; one measurement is the mean of as many of them as the clock can tell from none. */
class Clock {
  #measurements = [];
  #calls = 0;
  #elapsed = 0;

  add(elapsed) {
    this.#calls += 1;
    this.#elapsed += elapsed;
    if (this.#elapsed < SHORTEST_MEASUREMENT) return;
    this.#measurements = [...this.#measurements, this.#elapsed / this.#calls].slice(-MEASUREMENTS_KEPT);
    this.#calls = this.#elapsed = 0;
  }

  get median() {
    if (this.#measurements.length < FEWEST_MEASUREMENTS) return undefined;
    return [...this.#measurements].sort((a, b) => a - b)[this.#measurements.length >> 1];
  }
}
