// What the drawing tools share: a path under way, by pointer or, with the photograph focused, by arrow keys and Space.

import { s } from "../dom.js";
import { draw, length, simplify } from "../geometry.js";

const SHORTEST = 4;
const STEP = 4;

export class PathTool {
  closed = false;

  constructor(bench) {
    this.bench = bench;
    this.path = [];
    this.cursor = null;
  }

  get view() {
    return this.bench.metaphase.view;
  }

  down(event) {
    this.path = [this.view.point(event)];
  }

  move(event) {
    this.path.push(this.view.point(event));
    this.show();
  }

  up() {
    const path = simplify(this.path, 0.8);
    this.path = [];
    if (length(path) >= SHORTEST) this.finish(path);
    else this.show();
  }

  cancel() {
    this.path = [];
    this.cursor = null;
    this.show();
  }

  leave() {
    this.cancel();
    this.bench.metaphase.drafts.replaceChildren();
  }

  /** Paths drawn before and kept; tools that collect several override it. */
  get kept() {
    return [];
  }

  show() {
    const paths = [...this.kept, this.path].filter((path) => path.length);
    const shapes = paths.map((path) => s("path", { class: this.closed ? "draft area" : "draft", d: draw(path, this.closed) }));
    if (this.cursor) {
      const [x, y] = this.cursor;
      const arm = 9 / this.view.scale;
      shapes.push(s("path", { class: "crosshair", d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` }));
    }
    this.bench.metaphase.drafts.replaceChildren(...shapes);
  }

  /** Draw by keys: arrows move a crosshair (Shift: finely), Space sets a point, Enter ends the path. */
  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (way) {
      const step = event.shiftKey ? 1 : STEP;
      this.cursor ??= this.#start();
      this.cursor = [this.cursor[0] + way[0] * step, this.cursor[1] + way[1] * step];
    } else if (event.key === " " && this.cursor) this.path.push([...this.cursor]);
    else if (event.key === "Enter" && this.path.length > 1) this.up();
    else return false;
    this.show();
    return true;
  }

  #start() {
    const chosen = this.bench.state.first;
    if (chosen) return [chosen.bbox[0] - 6, (chosen.bbox[1] + chosen.bbox[3]) / 2];
    return [this.view.width / 2, this.view.height / 2];
  }
}
