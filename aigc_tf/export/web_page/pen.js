// A piece written cell by cell, as in `aigc_tf/families/music/composing.py`.

export const BAR = 16; // sixteenth notes

/** What is known of a piece of which the first `fixed` voices are given. */
export class Pen {
  #panel;

  /** `panel` has what the file's metadata has (docs/MOBILE.md); `given` are the symbols of all voices in each step. */
  constructor(panel, given, fixed) {
    [this.#panel, this.cells, this.fixed] = [panel, given, fixed];
    this.held = [this.#panel.voices.map(() => 0)]; // what sounds before each step, and for how long
    this.age = [this.#panel.voices.map(() => 0)];
  }

  #left(step) {
    return Math.min(this.cells.length - 1 - step, this.#panel.max_left);
  }

  /** Inputs of the encoder for the window from `start` on. */
  given(start) {
    const inputs = { held: [], age: [], place: [], left: [] };
    const sounding = this.#panel.voices.map(() => [0, 0]);
    for (let step = 0; step < start + this.#panel.window; step++) {
      const inside = step < this.cells.length;
      if (step >= start) {
        inputs.place.push(inside ? step % BAR : 0);
        inputs.left.push(inside ? this.#left(step) : this.#panel.behind);
      }
      for (let voice = 0; voice < this.#panel.voices.length; voice++) {
        const symbol = inside ? this.cells[step][voice] : 0;
        const [held, age] = sounding[voice];
        sounding[voice] = symbol ? [symbol, 0] : [held, Math.min(age + 1, this.#panel.max_age)];
        if (step < start) continue;
        const known = inside && voice < this.fixed;
        inputs.held.push(known ? sounding[voice][0] : this.#panel.unknown);
        inputs.age.push(known ? sounding[voice][1] : this.#panel.unknown_age);
      }
    }
    return inputs;
  }

  /** The inputs that a cell is chosen by, except for the memory. */
  cell(step, voice) {
    const older = this.age[step].map((age) => Math.min(age + 1, this.#panel.max_age));
    const now = (values, before) => before.map((value, other) => (other < voice ? values[step + 1][other] : value));
    return {
      held: now(this.held, this.held[step]),
      age: now(this.age, older),
      voice: [voice],
      place: [step % BAR],
      left: [this.#left(step)],
    };
  }

  /** Writes a cell; a fixed one stays as it is. */
  fill(step, voice, chosen) {
    const symbol = voice < this.fixed ? this.cells[step][voice] : chosen;
    this.cells[step][voice] = symbol;
    this.held[step + 1] ??= [...this.held[step]];
    this.age[step + 1] ??= this.age[step].map((age) => Math.min(age + 1, this.#panel.max_age));
    if (symbol) [this.held[step + 1][voice], this.age[step + 1][voice]] = [symbol, 0];
  }
}
