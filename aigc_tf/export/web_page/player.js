// Shows the wave of a sound and plays it.

const [WIDTH, HEIGHT] = [160, 60]; // pixels of a wave
const LOWEST_RATE = 3000; // samples per second that browsers play; of slower sounds each sample is repeated

/** Draws the least and the largest sample under each column of pixels. */
export function wave(canvas, samples) {
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext("2d");
  context.fillStyle = "#285abe";
  for (let column = 0; column < WIDTH; column++) {
    const [from, to] = [column, column + 1].map((edge) => Math.floor((edge * samples.length) / WIDTH));
    const part = samples.slice(from, Math.max(to, from + 1));
    const [low, high] = [Math.min(...part), Math.max(...part)];
    const top = ((1 - high) * HEIGHT) / 2;
    context.fillRect(column, top, 1, Math.max(1, ((high - low) * HEIGHT) / 2));
  }
}

/** A button that plays and stops the result of `sound`. */
export class Player {
  #button;
  #sound;
  #rate;
  #playing = null;

  constructor(button, rate, sound) {
    [this.#button, this.#rate, this.#sound] = [button, rate, sound];
    button.addEventListener("click", () => (this.#playing ? this.stop() : this.play()));
  }

  /** The browser resamples to its own rate. */
  play() {
    this.stop();
    const context = new AudioContext();
    const repeats = Math.ceil(LOWEST_RATE / this.#rate);
    const own = this.#sound();
    const samples = Float32Array.from({ length: own.length * repeats }, (_, at) => own[Math.floor(at / repeats)]);
    const buffer = context.createBuffer(1, samples.length, this.#rate * repeats);
    buffer.copyToChannel(samples, 0);
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.connect(context.destination);
    node.addEventListener("ended", () => this.#playing === context && this.stop());
    node.start();
    this.#playing = context;
    this.#button.textContent = "Stop";
  }

  stop() {
    this.#playing?.close();
    this.#playing = null;
    this.#button.textContent = "Play";
  }
}

/** The speed of generation relative to real time, in words. */
export function speed(seconds, milliseconds) {
  return milliseconds ? `${Number(((1000 * seconds) / milliseconds).toPrecision(2))} times real time` : "";
}
