// Samples the spectrogram of a sound frame by frame, as in `aigc_tf/families/sound/drawing.py`.
import { Loop } from "./loop.js";

const STEPS = 255; // levels of brightness, less one
const SILENCE = -1;

/**
 * The samples of a newly generated sound.
 *
 * @param {object} model the file
 * @param {object} panel `signature` gives the mixture that the next frame is drawn from, `sound` names the one that makes
 *   sound of a spectrogram, `frames` is its length
 * @param {number} label the class
 * @param {number} temperature of the choice of components; 0 always takes the likeliest
 * @param {number} noise what deviations from a component's means are multiplied with
 * @param {() => number} uniform numbers in [0, 1)
 */
export async function drawSound(model, panel, label, { temperature, noise }, uniform) {
  const bands = model.signatures[panel.signature].inputs.before.shape.at(-1);
  const picture = new Float32Array(bands * panel.frames);
  const loop = new Loop(model, panel.signature);
  let before = new Float32Array(bands).fill(SILENCE);
  for (let time = 0; time < panel.frames; time++) {
    const mixture = await loop.call({ before, label: [label] });
    const component = chosen(mixture.weights, temperature, uniform());
    before = drawFrame(mixture, bands, component, noise, uniform);
    before.forEach((value, band) => (picture[band * panel.frames + time] = (value + 1) / 2));
  }
  loop.delete();
  const [sound] = Object.values(await model.run(panel.sound, { picture }));
  return sound;
}

function drawFrame({ weights, means, log_scales: logScales }, bands, component, noise, uniform) {
  return Float32Array.from({ length: bands }, (_, band) => {
    const at = band * weights.length + component;
    const share = Math.max(uniform(), Number.MIN_VALUE);
    return level(means[at] + noise * Math.exp(logScales[at]) * (Math.log(share) - Math.log1p(-share)));
  });
}

/** The component of a mixture that a number in [0, 1) falls on. */
function chosen(weights, temperature, share) {
  const highest = Math.max(...weights);
  if (!temperature) return weights.indexOf(highest);
  const odds = Array.from(weights, (weight) => Math.exp((weight - highest) / temperature));
  let left = share * odds.reduce((sum, value) => sum + value, 0);
  for (const [index, value] of odds.entries()) {
    left -= value;
    if (left < 0) return index;
  }
  return odds.length - 1;
}

/** The nearest of 256 levels in [-1, 1]. */
function level(value) {
  return (Math.round(((Math.min(1, Math.max(-1, value)) + 1) * STEPS) / 2) * 2) / STEPS - 1;
}
