// The model: LiteRT.js runs model.tflite on one thread of the CPU, so that any origin and any phone will do.

import { latentOf } from "./latents.js";

const SHORTEST_MEASUREMENT = 5; // milliseconds: browsers round their clocks, some to a whole one
const FEWEST_MEASUREMENTS = 5;
const MEASUREMENTS_KEPT = 51;

/** Fetches a file of this page. */
async function fetchFile(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

/** What page.json says of the model. */
export async function loadDescription() {
  return (await fetchFile("page.json")).json();
}

/** Makes pictures, and measures how long that takes. */
export class Generator {
  #runner;
  #tensor;
  #description;
  #measurements = [];
  #calls = 0;
  #elapsed = 0;

  /** Loads LiteRT.js and the model; `description` is that of page.json. */
  static async load(description) {
    const { loadLiteRt, loadAndCompile, Tensor } = await import("@litertjs/core");
    globalThis.Module = { printErr: console.debug }; // what LiteRT logs is not an error; what fails is thrown
    const starting = loadLiteRt("litert/core/wasm/").catch((error) => {
      throw new Error(`LiteRT.js does not start: ${error.message ?? error}`);
    });
    const [file] = await Promise.all([fetchFile("model.tflite"), starting]);
    const model = await loadAndCompile(new Uint8Array(await file.arrayBuffer()), { accelerator: "wasm" });
    return new Generator(model.signatures[description.signature], Tensor, description);
  }

  constructor(runner, tensor, description) {
    this.#runner = runner;
    this.#tensor = tensor;
    this.#description = description;
  }

  /**
   * The picture that standard normal numbers make: brightness in [0, 1], rows first, channels last.
   * `kind` is the number of a class, where the model takes one.
   */
  async generate(numbers, kind = 0) {
    const begin = performance.now();
    const { prior, latent_shape, condition, output } = this.#description;
    const inputs = { latent: new this.#tensor(latentOf(numbers, prior), [1, ...latent_shape]) };
    if (condition) inputs[condition.input] = new this.#tensor(Int32Array.of(kind), [1]);
    const outputs = await this.#runner.run(inputs);
    const image = outputs[output].toTypedArray(); // a copy
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete(); // not collected
    this.#measure(performance.now() - begin);
    return image;
  }

  /** Milliseconds a picture: the median of recent measurements, undefined while there are too few. */
  get milliseconds() {
    if (this.#measurements.length < FEWEST_MEASUREMENTS) return undefined;
    return [...this.#measurements].sort((a, b) => a - b)[this.#measurements.length >> 1];
  }

  /** One measurement is the mean of as many calls as the clock can tell from none. */
  #measure(elapsed) {
    this.#calls += 1;
    this.#elapsed += elapsed;
    if (this.#elapsed < SHORTEST_MEASUREMENT) return;
    this.#measurements = [...this.#measurements, this.#elapsed / this.#calls].slice(-MEASUREMENTS_KEPT);
    this.#calls = this.#elapsed = 0;
  }
}
