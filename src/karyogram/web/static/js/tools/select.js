// Choose and pan: a press on a chromosome chooses it (Shift: one more), a drag on it carries it to a slot, any other drag pans.

import { lift } from "../drag.js";

const STILL = 5;

export class Select {
  constructor(bench) {
    this.bench = bench;
    this.hint = "";
  }

  down(event) {
    this.start = event;
    this.moved = false;
    this.on = this.bench.metaphase.at(event);
  }

  move(event, dx, dy) {
    const far = Math.hypot(event.clientX - this.start.clientX, event.clientY - this.start.clientY);
    if (!this.moved && far < STILL) return;
    const first = !this.moved;
    this.moved = true;
    if (this.on && this.bench.canEdit) {
      if (first) lift(this.bench, this.on, event);
    } else this.bench.metaphase.view.pan(dx, dy);
  }

  up(event) {
    if (this.moved) return;
    const one = this.bench.metaphase.at(event, !event.shiftKey);
    this.bench.pick(one?.id ?? null, event.shiftKey);
  }
}
