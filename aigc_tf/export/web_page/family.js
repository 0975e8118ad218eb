// Pictures that are kept: two of them are mixed, and all are exported as the family tree that `tools.explore` reads.
import { spherical } from "./latents.js";

export const MARKUP = `
  <div id="kept">
    <div class="bar">
      <h2>Family</h2>
      <button id="keep" type="button" title="Keep the large picture">Keep</button>
      <button id="mix" type="button" title="Choose two of the kept pictures" disabled>Mix</button>
      <button id="export" type="button" title="Save latents and seeds, for tools.explore --family" disabled>Export</button>
    </div>
    <div id="members"></div>
  </div>`;

const element = (id) => document.getElementById(id);

/** The kept pictures of one model, whose weights have this hash. */
export class Family {
  #weights;
  #paint;
  #show;
  #members = []; // name, made, numbers (the standard normal ones behind the latent) and parents, as the file has them
  #chosen = []; // at most two of them

  /**
   * @param {string} weights the hash of the model's weights: to others the numbers mean nothing
   * @param {(canvas: HTMLCanvasElement, numbers: Float32Array) => Promise<void>} paint draws what numbers make
   * @param {(picture: object) => Promise<void>} show makes a picture, `{numbers, made, parents}`, the large one
   */
  constructor(weights, paint, show) {
    [this.#weights, this.#paint, this.#show] = [weights, paint, show];
    element("mix").addEventListener("click", () => this.#mix());
    element("export").addEventListener("click", () => this.#save());
  }

  /** Keeps a picture `{numbers, made, parents}`, unless it is a member. */
  async keep({ numbers, made, parents }) {
    if (this.#members.some((member) => member.numbers === numbers)) return;
    const member = { name: String(this.#members.length + 1), made, numbers, parents };
    this.#members.push(member);
    const button = document.createElement("button");
    button.type = "button";
    button.title = [made, parents.join(" and ")].filter(Boolean).join(": ");
    button.setAttribute("aria-label", `Member ${member.name}`);
    button.append(document.createElement("canvas"));
    button.addEventListener("click", () => this.#choose(member));
    element("members").append(button);
    this.#mark();
    await this.#paint(button.firstChild, numbers);
  }

  /** Draws all members anew, for another class. */
  async repaint() {
    for (const [index, button] of [...element("members").children].entries()) {
      await this.#paint(button.firstChild, this.#members[index].numbers);
    }
  }

  /** What is exported. */
  text() {
    const members = this.#members.map((member) => ({ ...member, numbers: [...member.numbers] }));
    return `${JSON.stringify({ weights: this.#weights, members }, null, 1)}\n`;
  }

  /** Shows a member and marks it, beside the last one that was chosen; once more takes the mark away. */
  async #choose(member) {
    const others = this.#chosen.filter((other) => other !== member);
    this.#chosen = others.length < this.#chosen.length ? others : [...others.slice(-1), member];
    this.#mark();
    await this.#show({ numbers: member.numbers, made: "", parents: [member.name] });
  }

  async #mix() {
    const [first, second] = this.#chosen;
    const numbers = spherical(first.numbers, second.numbers, 0.5);
    await this.#show({ numbers, made: "mixed", parents: [first.name, second.name] });
  }

  #mark() {
    this.#members.forEach((member, index) => {
      element("members").children[index].setAttribute("aria-pressed", this.#chosen.includes(member));
    });
    element("mix").disabled = this.#chosen.length < 2;
    element("export").disabled = this.#members.length === 0;
  }

  #save() {
    const link = document.createElement("a");
    link.download = "family.json";
    link.href = URL.createObjectURL(new Blob([this.text()], { type: "application/json" }));
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
