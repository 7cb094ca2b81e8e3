// Part an overlap: a stroke along each chromosome of the cluster; every pixel goes to the nearest stroke, a crossing to both.

import { announce, h, iconButton } from "../dom.js";
import { share } from "../geometry.js";
import { PathTool } from "./path.js";

const UNDER = 0.2;

export class Strokes extends PathTool {
  strokes = [];
  hint = "Draw one stroke along each chromosome of the cluster.";

  get kept() {
    return this.strokes;
  }

  extras() {
    const enough = this.strokes.length > 1;
    const words = enough ? `Part in ${this.strokes.length}` : "Part";
    return [
      this.strokes.length ? iconButton("undo", "Take the last stroke back", () => this.back()) : null,
      h(
        "button",
        { type: "button", class: "primary", disabled: !enough, onclick: () => this.apply() },
        words,
        h("kbd", {}, "Enter"),
      ),
    ];
  }

  finish(stroke) {
    this.strokes.push(stroke);
    this.#changed();
  }

  back() {
    this.strokes.pop();
    this.#changed();
  }

  #changed() {
    this.show();
    this.bench.toolbar.showHint();
  }

  apply() {
    const { state } = this.bench;
    const under = state.now.chromosomes.filter((one) => this.strokes.some((stroke) => share(stroke, one.polygon) > UNDER));
    const ids = under.length ? under.map(({ id }) => id) : state.first ? [state.first.id] : [];
    if (!ids.length) return announce("No chromosome lies under the strokes.");
    this.bench.edit({ kind: "strokes", ids, strokes: this.strokes });
    this.strokes = [];
    return this.#changed();
  }

  key(event) {
    if (event.key === "Enter" && !this.path.length && this.strokes.length > 1) {
      this.apply();
      return true;
    }
    return super.key(event);
  }

  leave() {
    this.strokes = [];
    super.leave();
  }
}
