// Click to segment: what the machine saw and did not take is drawn dashed. The server proposes the outline of what lies under a
// press: one of these, or what SAM sees, where it is fetched.

import * as api from "../api.js";
import { announce, h, notify, s } from "../dom.js";
import { draw, overlap } from "../geometry.js";

/** A candidate whose box overlaps so much of a chromosome's is that chromosome, as the server has it. */
const TAKEN = 0.8;

export class Segment {
  constructor(bench) {
    this.bench = bench;
    this.#propose(null);
  }

  get hint() {
    return `Press a chromosome that was missed.${this.#leftOut.length ? " Dashed: seen by the machine, not taken." : ""}`;
  }

  /** What the machine left out and nobody has taken yet. */
  get #leftOut() {
    const { analysis, now } = this.bench.state;
    const taken = ({ bbox }) => now.chromosomes.some((one) => overlap(one.bbox, bbox) >= TAKEN);
    return (analysis.karyotype.candidates ?? []).filter((one) => !taken(one));
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
      ...this.#leftOut.map((one) => s("path", { class: "draft spare", d: draw(one.polygon, true) })),
      ...(polygon ? [s("path", { class: "draft area", d: draw(polygon, true) })] : []),
    );
    if (this.bench.toolbar?.tool === this) this.bench.toolbar.showHint();
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

  async apply() {
    const { polygon } = this;
    this.#propose(null);
    await this.bench.edit({ kind: "outline", polygon });
    if (this.bench.toolbar.tool === this) this.#propose(this.polygon);
  }

  key(event) {
    if (event.key !== "Enter" || !this.polygon) return false;
    this.apply();
    return true;
  }

  leave() {
    this.bench.metaphase.drafts.replaceChildren();
  }
}
