// Cut: a line across a chromosome. The chosen one is cut where the line runs through it, else the one it runs through most.

import { announce } from "../dom.js";
import { share } from "../geometry.js";
import { PathTool } from "./path.js";

const TOUCHED = 0.08;

export class Cut extends PathTool {
  hint = "Draw a line across the chromosome.";

  finish(line) {
    const { state } = this.bench;
    const through = state.now.chromosomes.map((one) => [share(line, one.polygon), one]).filter(([part]) => part > TOUCHED);
    const target = through.find(([, one]) => one === state.first) ?? through.sort(([a], [b]) => b - a)[0];
    this.show();
    if (!target) return announce("The line crosses no chromosome.");
    return this.bench.edit({ kind: "cut", id: target[1].id, line });
  }
}
