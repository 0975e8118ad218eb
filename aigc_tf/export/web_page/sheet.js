// A sheet of samples for a seed and, in conditional models, a class: shared by pages that generate pictures.
export const SAMPLES = 12;
export const MARKUP = `
  <div id="all">
    <form id="sampling" class="bar">
      <h2>Samples</h2>
      <label id="kind" hidden>Class <select id="kinds"></select></label>
      <label for="seed">Seed</label>
      <input id="seed" type="number" min="0" max="4294967295" step="1" value="0" required inputmode="numeric">
      <button type="submit">New samples</button>
    </form>
    <div id="sheet"></div>
  </div>`;

const element = (id) => document.getElementById(id);

/** The seed in the field. */
export const seed = () => Number(element("seed").value);

/** The canvases of the samples. */
export const canvases = () => [...element("sheet").children].map((button) => button.firstChild);

/** The name of the input that is a class, and its kinds; undefined where there is none. */
export function classInput(inputs) {
  const [name, tensor] = Object.entries(inputs).find(([, tensor]) => tensor.kinds) ?? [];
  return name && { name, kinds: tensor.kinds };
}

/** The number of the class that is chosen. */
export const label = () => Math.max(0, element("kinds").selectedIndex);

/**
 * Fills the sheet's markup with what the model needs.
 *
 * @param {object} inputs of the signature, by name
 * @param {() => Promise<void>} draw redraws all samples
 * @param {(index: number) => Promise<void>} choose makes a sample the large picture
 */
export function fill(inputs, draw, choose) {
  for (let index = 0; index < SAMPLES; index++) addSample(index, choose);
  for (const name of classInput(inputs)?.kinds ?? []) element("kinds").add(new Option(name));
  element("kind").hidden = !classInput(inputs);
  element("kinds").addEventListener("change", draw);
  element("sampling").addEventListener("submit", (event) => {
    event.preventDefault();
    element("seed").value = crypto.getRandomValues(new Uint32Array(1))[0];
    draw();
  });
  element("seed").addEventListener("change", () => {
    if (element("seed").reportValidity()) draw();
  });
}

function addSample(index, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Sample ${index + 1}`);
  button.append(document.createElement("canvas"));
  button.addEventListener("click", () => choose(index));
  element("sheet").append(button);
}

/** Shows which sample the large picture is. */
export function mark(index) {
  [...element("sheet").children].forEach((button, other) => button.setAttribute("aria-pressed", other === index));
}
