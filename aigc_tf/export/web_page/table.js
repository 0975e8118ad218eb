// Generates table rows from latents, all or those of one category, which can be saved as CSV.
//
// The panel has `columns` from the file's metadata (docs/MOBILE.md): numbers with `shares`, `means`,
// `deviations`, `low`, `high` and `decimals`, and categories with `shares` and `names`.
import { normals } from "./latents.js";

const SPAN = 4; // deviations of a mode that are 1 for the network
const ROWS = 20;
const TRIED = 4000; // rows that are drawn, at most, to find those of a kind
const MARKUP = `
  <form id="table-drawing" class="bar">
    <h2>Rows</h2>
    <label id="table-kind" hidden>Only <select id="table-where"><option value="">all</option></select></label>
    <label for="table-seed">Seed</label>
    <input id="table-seed" type="number" min="0" max="4294967295" step="1" value="0" required inputmode="numeric">
    <button type="submit">New rows</button>
    <button id="table-save" type="button">Save as CSV</button>
  </form>
  <p id="table-note" role="status"></p>
  <div class="wide"><table><thead><tr id="table-names"></tr></thead><tbody id="table-rows"></tbody></table></div>`;

const element = (id) => document.getElementById(id);

let panel, model, inputs, columns;
let rows = [];
let drawing = null; // a token of the rows that are drawn

/** The rows that are shown: numbers, texts, null for gaps; for scripts and tests. */
export const currentRows = () => rows;

export async function show(section, described, loaded) {
  [panel, model] = [described, loaded];
  [inputs, columns] = [model.signatures[panel.signature].inputs, panel.columns];
  section.innerHTML = MARKUP;
  element("table-names").append(...columns.map(({ name }) => cell("th", name)));
  columns.forEach((column, at) => column.kind === "category" && column.names.forEach((name, place) =>
    element("table-where").add(new Option(`${column.name} = ${name || "(gap)"}`, `${at} ${place}`))));
  element("table-kind").hidden = element("table-where").length === 1;
  element("table-where").addEventListener("change", draw);
  element("table-seed").addEventListener("change", () => element("table-seed").reportValidity() && draw());
  element("table-drawing").addEventListener("submit", (event) => {
    event.preventDefault();
    element("table-seed").value = crypto.getRandomValues(new Uint32Array(1))[0];
    return draw();
  });
  element("table-save").addEventListener("click", save);
  await draw();
}

function cell(kind, value) {
  const made = document.createElement(kind);
  made.textContent = value ?? "";
  return made;
}

/** Generates rows for the seed in the field until there are enough of the chosen category. */
async function draw() {
  const own = (drawing = Symbol("rows"));
  const [column, place] = element("table-where").value.split(" ").map(Number);
  const asked = element("table-where").value ? { column, place } : null;
  const random = generator(Number(element("table-seed").value));
  const found = [];
  let tried = 0;
  for (; found.length < ROWS && tried < TRIED && drawing === own; tried++) {
    const row = await drawn(random, asked);
    if (!asked || row[asked.column].choice === asked.place) found.push(row.map(({ value }) => value));
  }
  if (drawing !== own) return;
  rows = found;
  element("table-rows").replaceChildren(...rows.map((values) => {
    const line = document.createElement("tr");
    line.append(...values.map((value) => cell("td", value)));
    return line;
  }));
  element("table-note").textContent = asked ? `${rows.length} of ${tried} generated rows meet the conditions.` : "";
}

/** Uniform numbers in [0, 1) and normal ones, a stream of each. */
function generator(seed) {
  let [block, at, values] = [0, 0, []];
  const normal = () => {
    if (at === values.length) [values, at] = [normals((seed + 7919 * block++) >>> 0, 4096), 0];
    return values[at++];
  };
  // The angle of two independent normal numbers is uniform.
  const uniform = () => Math.atan2(normal(), normal()) / (2 * Math.PI) + 0.5;
  return { normal, uniform };
}

/** One row: a choice and a value for each column. */
async function drawn({ normal, uniform }, asked) {
  const size = inputs.latent.shape.reduce((product, length) => product * length, 1);
  const given = { latent: Float32Array.from({ length: size }, normal) };
  if (inputs.condition) given.condition = condition(uniform, asked);
  const { row, deviation } = await model.run(panel.signature, given);
  const numeric = columns.filter(({ kind }) => kind === "number");
  let start = numeric.length;
  return columns.map((column) => {
    const choice = pick(row.subarray(start, start + column.shares.length), uniform());
    start += column.shares.length;
    if (column.kind === "category") return { choice, value: column.names[choice] || null };
    const at = numeric.indexOf(column);
    const noisy = deviation ? row[at] + deviation[at] * normal() : row[at];
    return { choice, value: number(column, choice, Math.min(1, Math.max(-1, noisy))) };
  });
}

/** A one-hot vector of the chosen category, or of one drawn by its frequency in the data. */
function condition(uniform, asked) {
  const categories = columns.filter(({ kind }) => kind === "category");
  const owner = asked ? columns[asked.column] : categories[Math.floor(uniform() * categories.length)];
  const before = categories.slice(0, categories.indexOf(owner));
  const start = before.reduce((sum, { names }) => sum + names.length, 0);
  const numbers = new Float32Array(inputs.condition.shape.at(-1));
  numbers[start + (asked ? asked.place : pick(owner.shares, uniform()))] = 1;
  return numbers;
}

/** The place that a uniform number in [0, 1) picks by these shares. */
function pick(shares, uniform) {
  let left = uniform * shares.reduce((sum, share) => sum + share, 0);
  const found = shares.findIndex((share) => (left -= share) < 0);
  return found < 0 ? shares.length - 1 : found;
}

/** The number at a place in [-1, 1] of a mode; null where it is a gap. */
function number({ means, deviations, low, high, decimals }, mode, place) {
  if (mode >= means.length) return null;
  const scale = 10 ** decimals;
  const value = Math.round((means[mode] + SPAN * deviations[mode] * place) * scale) / scale;
  return Math.min(high, Math.max(low, value));
}

/** The rows that are shown, as a CSV file holds them. */
export function csv() {
  const quoted = (value) => (/[",\n]/.test(value ?? "") ? `"${String(value).replaceAll('"', '""')}"` : value ?? "");
  const lines = [columns.map(({ name }) => name), ...rows].map((values) => values.map(quoted).join(","));
  return `${lines.join("\n")}\n`;
}

function save() {
  const link = document.createElement("a");
  link.download = "rows.csv";
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.click();
  URL.revokeObjectURL(link.href);
}
