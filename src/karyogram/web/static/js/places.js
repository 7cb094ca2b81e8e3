// Where chromosomes go: to a class, to the tray, before or behind their homologue.

import { announce } from "./dom.js";
import { homologues } from "./edits.js";

export class Places {
  constructor(bench) {
    this.bench = bench;
  }

  get state() {
    return this.bench.state;
  }

  /** Give the chosen ones a class; null takes theirs away. */
  send(label) {
    const ids = this.state.chosen.filter((id) => !this.state.isDeleted(id) && this.state.one(id).label !== label);
    if (!ids.length) return;
    this.bench.edit(...ids.map((id) => ({ kind: "move", id, label })));
    announce(`${ids.join(", ")} ${label ? `to class ${label}` : "without a place"}`);
  }

  /** A chromosome was let go over a slot, at a place in it; `other` is the one under it if it is to be swapped with that. */
  drop(id, slot, place, other) {
    if (!this.state.one(id)) return; // somebody else has undone what made it, while it was in the hand
    const ids = this.state.chosen.includes(id) ? this.state.chosen : [id];
    const label = slot === "none" ? null : slot;
    const gone = ids.filter((one) => this.state.isDeleted(one));
    const there = ids.filter((one) => !gone.includes(one));
    if (slot === "deleted") this.bench.edit(...there.map((one) => ({ kind: "delete", id: one })));
    else if (other && other !== id && !gone.length) this.bench.edit({ kind: "swap", a: id, b: other });
    else if (!gone.length && ids.every((one) => this.state.one(one).label === label)) this.#putAt(id, place);
    else {
      const moved = ids.filter((one) => gone.includes(one) || this.state.one(one).label !== label);
      const edits = moved.flatMap((one) => [
        ...(gone.includes(one) ? [{ kind: "restore", id: one }] : []),
        { kind: "move", id: one, label, ...(place < homologues(this.state.now, label).length ? { place } : {}) },
      ]);
      this.bench.edit(...edits);
    }
    this.state.choose(id);
  }

  /** Move the chosen one before (-1) or behind (1) its homologue. */
  order(step) {
    const { first, now } = this.state;
    if (!first?.label || this.state.isDeleted(first.id)) return undefined;
    const copies = homologues(now, first.label);
    const place = copies.findIndex(({ id }) => id === first.id) + step;
    if (place < 0 || place >= copies.length) return announce("There is no homologue on that side.");
    this.#putAt(first.id, place);
    if (this.bench.canEdit) this.bench.karyogram.showMoved(first.id, step < 0 ? "before" : "behind");
  }

  #putAt(id, place) {
    const { label } = this.state.one(id);
    const copies = homologues(this.state.now, label);
    if (!label || copies[place] === undefined || copies[place].id === id) return;
    this.bench.edit({ kind: "order", id, place });
    announce(`${id} is number ${place + 1} of ${copies.length} in class ${label}`);
  }
}
