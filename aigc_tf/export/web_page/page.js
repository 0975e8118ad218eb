// The page: what page.json says of the model, and its panels, each shown by the module that it names.
import { Model, loadDescription } from "./model.js";

const element = (id) => document.getElementById(id);

function fail(error) {
  element("status").hidden = true;
  element("error").hidden = false;
  element("error").textContent = `This page cannot continue: ${error?.message ?? error}`;
}

function addFacts({ title, facts }) {
  document.title = `${title}: a model in the browser`;
  element("title").textContent = title;
  for (const [name, value] of Object.entries(facts)) {
    const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    definition.textContent = value;
    element("facts").append(term, definition);
  }
}

async function start() {
  const description = await loadDescription();
  addFacts(description);
  const model = await Model.load(description.signatures);
  for (const panel of description.panels) {
    const module = await import(`./${panel.module}.js`);
    const section = document.createElement("section");
    section.className = `panel ${panel.module}`;
    element("model").append(section);
    await module.show(section, panel, model);
  }
  element("status").hidden = true;
  element("model").hidden = false;
}

window.addEventListener("error", (event) => fail(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => fail(event.reason)); // of everything that is not awaited
start();
