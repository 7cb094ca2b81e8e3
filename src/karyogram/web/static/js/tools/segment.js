// Click to segment: the server proposes the outline of what lies under a press (SAM, where it is fetched).

import * as api from "../api.js";
import { announce, h, notify, s } from "../dom.js";
import { draw } from "../geometry.js";

export class Segment {
  hint = "Press a chromosome that was missed.";

  constructor(bench) {
    this.bench = bench;
    this.polygon = null;
  }

  async up(event) {
    const point = this.bench.metaphase.view.point(event);
    announce("Looking for an outline.");
    try {
      this.#propose((await api.segment(this.bench.state.id, point)).polygon);
    } catch (error) {
      notify(error.message, "bad");
    }
  }

  #propose(polygon) {
    this.polygon = polygon;
    this.bench.metaphase.drafts.replaceChildren(
      ...(polygon ? [s("path", { class: "draft area", d: draw(polygon, true) })] : []),
    );
    this.bench.toolbar.showHint();
  }

  extras() {
    if (!this.polygon) return [];
    return [
      h(
        "button",
        { type: "button", class: "primary", onclick: () => this.apply() },
        "Take this outline",
        h("kbd", {}, "Enter"),
      ),
    ];
  }

  apply() {
    const { polygon } = this;
    this.#propose(null);
    this.bench.edit({ kind: "outline", polygon });
  }

  key(event) {
    if (event.key !== "Enter" || !this.polygon) return false;
    this.apply();
    return true;
  }

  leave() {
    this.#propose(null);
  }
}
