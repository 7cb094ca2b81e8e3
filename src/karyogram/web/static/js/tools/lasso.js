// Lasso: an outline drawn by hand, for a chromosome that was missed or, with one chosen, in place of that one's outline.

import { h } from "../dom.js";
import { area } from "../geometry.js";
import { PathTool } from "./path.js";

const SMALLEST = 30;

export class Lasso extends PathTool {
  closed = true;
  hint = "Draw around the chromosome.";

  constructor(bench) {
    super(bench);
    this.replaces = h("input", { type: "checkbox" });
  }

  extras() {
    const one = this.bench.state.first;
    if (!one || this.bench.state.isDeleted(one.id)) return [];
    return [h("label", { class: "choice" }, this.replaces, `instead of ${one.label ?? "?"} (${one.id})`)];
  }

  finish(polygon) {
    this.show();
    if (area(polygon) < SMALLEST) return;
    const one = this.replaces.checked && this.replaces.isConnected ? this.bench.state.first : null;
    this.bench.edit({ kind: "outline", polygon, ...(one ? { replaces: one.id } : {}) });
    this.replaces.checked = false;
  }
}
