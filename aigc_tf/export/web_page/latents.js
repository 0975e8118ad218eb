// Standard normal numbers, the latents that they make, and ways to move them.

/**
 * Numbers in [0, 1) that depend on the seed alone, one at each call: mulberry32 (Ettinger 2017).
 *
 * @param {number} seed a whole number from 0 to 2^32 - 1
 * @returns {() => number}
 */
export function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Independent standard normal numbers that depend on the seed alone: a pair of `uniforms` for each pair of normal ones
 * (Box & Muller 1958). They are not NumPy's: the same seed makes other pictures in Python.
 *
 * @param {number} seed a whole number from 0 to 2^32 - 1
 * @param {number} count how many
 * @returns {Float32Array}
 */
export function normals(seed, count) {
  const uniform = uniforms(seed);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}

/**
 * The latent that standard normal numbers make: mean + factor · numbers. The factor is a matrix or its diagonal;
 * `prior` is null where the numbers are the latent.
 */
export function latentOf(numbers, prior) {
  if (!prior) return numbers;
  const scaled = (row, index) => (Array.isArray(row) ? dot(row, numbers) : row * numbers[index]);
  return Float32Array.from(prior.mean, (mean, index) => mean + scaled(prior.factor[index], index));
}

/** The scalar product of two vectors; with a direction of length 1, the coordinate along it. */
export function dot(first, second) {
  return first.reduce((sum, value, index) => sum + value * second[index], 0);
}

/** A vector with another coordinate along a direction of length 1; all that is orthogonal to it stays. */
export function moved(vector, direction, coordinate) {
  const change = coordinate - dot(vector, direction);
  return vector.map((value, index) => value + change * direction[index]);
}

/** The vector at `t` in [0, 1] on the arc between two (Shoemake 1985); its norm stays typical all the way. */
export function spherical(start, end, t) {
  const norms = Math.sqrt(dot(start, start) * dot(end, end));
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(start, end) / norms)));
  const sine = Math.sin(angle);
  // Parallel vectors have no arc between them: there the straight line is the limit.
  const [before, after] = sine < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return start.map((value, index) => before * value + after * end[index]);
}
