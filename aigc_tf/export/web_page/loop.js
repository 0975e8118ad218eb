// A recurrent signature: its states stay in tensors between the calls.

/** The states of a signature, initially zeros. `delete` them at the end. */
export class Loop {
  #model;
  #states;

  /** `signature` names the step; others with the same states can be called in between. */
  constructor(model, signature) {
    this.#model = model;
    this.signature = signature;
    this.feedback = model.signatures[signature].feedback;
    this.#states = Object.fromEntries(
      Object.values(this.feedback).map((name) => [name, model.tensor(signature, name)]),
    );
  }

  /** From numbers to numbers, by name, without the states. */
  async call(inputs, signature = this.signature) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, numbers]) => [name, this.#model.tensor(signature, name, numbers)]),
    );
    const outputs = await this.#model.call(signature, { ...tensors, ...this.#states });
    for (const tensor of [...Object.values(tensors), ...Object.values(this.#states)]) tensor.delete();
    this.#states = Object.fromEntries(
      Object.entries(this.feedback).map(([output, name]) => [name, outputs[output]]),
    );
    const others = Object.entries(outputs).filter(([name]) => !(name in this.feedback));
    return Object.fromEntries(
      others.map(([name, tensor]) => {
        const numbers = tensor.toTypedArray(); // copies
        tensor.delete();
        return [name, numbers];
      }),
    );
  }

  delete() {
    for (const tensor of Object.values(this.#states)) tensor.delete();
  }
}
