// Join: press the parts of one chromosome, then join them; by keys, go to one after the other, and Shift Enter keeps it.

import { h } from "../dom.js";

export class Gather {
  constructor(bench) {
    this.bench = bench;
    this.kept = [...bench.state.chosen];
  }

  /** The one that keys have gone to is a part as long as they stay there. */
  walk(id) {
    this.bench.state.chooseAll([...this.kept.filter((one) => one !== id), id]);
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
    this.kept = [...this.bench.state.chosen];
  }

  apply() {
    this.bench.join();
    this.bench.toolbar.pick("select");
  }

  key(event) {
    if (event.key !== "Enter") return false;
    if (event.shiftKey) this.kept = [...this.bench.state.chosen];
    else if (this.bench.state.chosen.length > 1) this.apply();
    else return false;
    return true;
  }
}
