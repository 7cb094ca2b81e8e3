// Join: press the parts of one chromosome, then join them. The same collecting serves to swap two.

import { h } from "../dom.js";

export class Gather {
  constructor(bench) {
    this.bench = bench;
  }

  get hint() {
    const { length } = this.bench.state.chosen;
    return length > 1 ? `${length} parts chosen.` : "Press the parts that are one chromosome.";
  }

  extras() {
    const { chosen } = this.bench.state;
    return [
      h(
        "button",
        { type: "button", class: "primary", disabled: chosen.length < 2, onclick: () => this.apply() },
        "Join",
        h("kbd", {}, "Enter"),
      ),
    ];
  }

  up(event) {
    const one = this.bench.metaphase.at(event);
    if (one) this.bench.state.choose(one.id, true);
  }

  apply() {
    this.bench.join();
    this.bench.toolbar.pick("select");
  }

  key(event) {
    if (event.key !== "Enter" || this.bench.state.chosen.length < 2) return false;
    this.apply();
    return true;
  }
}
