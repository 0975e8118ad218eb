// A piano roll of a piece for several voices, which plays.

import { BAR } from "./pen.js";

export const TEMPO = 100; // quarters a minute
const COLOURS = ["#be2828", "#285abe", "#1e8c46", "#783c96", "#b46e00"];
const [STEP, SEMITONE] = [6, 5]; // pixels
const SOUND = { volume: 0.12, rise: 0.02, fall: 0.06 };

/** Cells are the symbols of the voices in each step; what they mean is in `symbols`, as in the file's metadata. */
export class PianoRoll {
  #canvas;
  #button;
  #symbols;
  #cells = [];
  #playing = null;

  constructor(canvas, button, symbols) {
    [this.#canvas, this.#button, this.#symbols] = [canvas, button, symbols];
    button.addEventListener("click", () => (this.#playing ? this.stop() : this.play()));
  }

  /** Shows cells, and where they are played or written. */
  show(cells, at = cells.length) {
    this.#cells = cells;
    this.#canvas.dataset.cells = cells.map((step) => step.join(" ")).join(";"); // for scripts
    this.#draw(at);
  }

  /** The symbols that the roll goes from and to. */
  range(cells) {
    const lowest = this.#symbols.first_pitch_symbol;
    const pitches = cells.flat().filter((symbol) => symbol >= lowest);
    return pitches.length ? [Math.min(...pitches) - 3, Math.max(...pitches) + 4] : [lowest + 15, lowest + 60];
  }

  /** The notes of a voice: symbol, first step, length. */
  #notes(voice) {
    const cells = this.#cells;
    const starts = cells.flatMap((step, at) => (step[voice] ? [at] : []));
    const found = starts.map((at, index) => [cells[at][voice], at, (starts[index + 1] ?? cells.length) - at]);
    return found.filter(([symbol]) => symbol >= this.#symbols.first_pitch_symbol);
  }

  #draw(at) {
    const [cells, canvas] = [this.#cells, this.#canvas];
    const [low, high] = this.range(cells);
    [canvas.width, canvas.height] = [cells.length * STEP, (high - low + 1) * SEMITONE];
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let step = 0; step < cells.length; step += 4) {
      context.fillStyle = step % BAR ? "#e4e4e4" : "#969696";
      context.fillRect(step * STEP, 0, 1, canvas.height);
    }
    for (let voice = this.#symbols.voices.length - 1; voice >= 0; voice--) {
      context.fillStyle = COLOURS[voice % COLOURS.length];
      for (const [symbol, start, length] of this.#notes(voice)) {
        context.fillRect(start * STEP + 1, (high - symbol) * SEMITONE, length * STEP - 1, SEMITONE - 1);
      }
    }
    context.fillStyle = "#000";
    if (at < cells.length) context.fillRect(at * STEP, 0, 1, canvas.height);
  }

  /** Plays the piece with an oscillator for each note. */
  play() {
    const context = new AudioContext();
    const seconds = 15 / TEMPO;
    const begin = context.currentTime + 0.1;
    this.#symbols.voices.forEach((_, voice) => {
      for (const note of this.#notes(voice)) this.#sound(context, note, begin, seconds);
    });
    this.#playing = context;
    this.#button.textContent = "Stop";
    const follow = () => {
      if (this.#playing !== context) return;
      const step = (context.currentTime - begin) / seconds;
      if (step >= this.#cells.length) return this.stop();
      this.#draw(step);
      requestAnimationFrame(follow);
    };
    follow();
  }

  #sound(context, [symbol, start, length], begin, seconds) {
    const { first_pitch_symbol: first, first_pitch: lowest } = this.#symbols;
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const [from, to] = [begin + start * seconds, begin + (start + length) * seconds];
    oscillator.type = "triangle";
    oscillator.frequency.value = 440 * 2 ** ((symbol - first + lowest - 69) / 12);
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(SOUND.volume, from + SOUND.rise);
    gain.gain.setValueAtTime(SOUND.volume, to - SOUND.fall);
    gain.gain.linearRampToValueAtTime(0, to);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(to);
  }

  stop() {
    this.#playing?.close();
    this.#playing = null;
    this.#button.textContent = "Play";
    if (this.#cells.length) this.#draw(this.#cells.length);
  }
}
