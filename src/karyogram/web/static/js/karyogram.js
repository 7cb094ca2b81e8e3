// The karyogram: a slot a class in Denver rows, then what has no place, and the tray of what was deleted.

import { paint, size } from "./cutout.js";
import { $, h } from "./dom.js";
import { lift } from "./drag.js";
import { ROWS, expected } from "./labels.js";
import { fittingScale, heldAt, reach } from "./layout.js";
import { counted } from "./edits.js";

const STILL = 5;
const SHELF = 76;
const MOMENT = 1200;

export class Karyogram {
  constructor(bench, picture) {
    this.bench = bench;
    this.picture = picture;
    this.pane = $("#karyogram");
    this.buttons = new Map();
    this.#build();
    const { state } = bench;
    state.on("state", () => this.render());
    state.on("chosen", () => this.#mark());
    state.on("hovered", () => this.#mark());
    new ResizeObserver(() => this.render()).observe(this.pane);
  }

  #build() {
    this.slots = {};
    const slot = (label) => {
      const stand = h("div", { class: "stand" });
      const sign = h("button", { type: "button", class: "sign", tabindex: "-1", onclick: () => this.bench.places.send(label) });
      const whole = h("div", { class: "slot", role: "group", "data-slot": label }, stand, sign);
      this.slots[label] = { whole, stand, sign };
      return whole;
    };
    const rows = ROWS.map((row) =>
      h(
        "div",
        { class: "krow" },
        row.map((labels) => h("div", { class: "group" }, labels.map(slot))),
      ),
    );
    const tray = (name, title, key) => {
      const stand = h("div", { class: "stand" });
      const whole = h(
        "div",
        { class: `tray ${name}`, role: "group", "aria-label": title, "data-slot": key },
        h("h2", {}, title),
        stand,
      );
      this.slots[key] = { whole, stand };
      return whole;
    };
    this.shelf = h(
      "div",
      { class: "shelf" },
      tray("unplaced", "Without a place", "none"),
      tray("deleted", "Deleted", "deleted"),
    );
    this.pane.append(...rows, this.shelf);
    this.rows = rows;
  }

  /** Chromosomes by slot: a class, "none", "deleted". */
  #placed() {
    const { chromosomes, deleted } = this.bench.state.now;
    const placed = { none: [], deleted };
    for (const one of chromosomes) (placed[one.label ?? "none"] ??= []).push(one);
    return placed;
  }

  /** Chromosomes in reading order. */
  get order() {
    const placed = this.#placed();
    return [...ROWS.flat(2), "none", "deleted"].flatMap((slot) => placed[slot] ?? []);
  }

  render() {
    if (!this.bench.state.now) return;
    const placed = this.#placed();
    const counts = counted(this.bench.state.now.chromosomes);
    this.scale = fittingScale(placed, this.pane.clientWidth - 14, this.pane.clientHeight - 24 - SHELF);
    const focused = document.activeElement?.dataset?.chromosome;
    ROWS.forEach((row) => {
      const { below } = reach(row.flat().flatMap((label) => placed[label] ?? []));
      for (const label of row.flat()) this.#fillSlot(label, placed[label] ?? [], below, expected(label, counts));
    });
    for (const key of ["none", "deleted"]) {
      this.slots[key].stand.replaceChildren(
        ...placed[key].map((one) => this.#button(one, 0, Math.min(this.scale, 40 / size(one).height))),
      );
      this.slots[key].whole.classList.toggle("full", placed[key].length > 0);
    }
    const ids = new Set(this.bench.state.all.map(({ id }) => id));
    for (const id of this.buttons.keys()) if (!ids.has(id)) this.buttons.delete(id);
    this.focusing = true; // back to where it was, which chooses nothing
    if (focused) this.buttons.get(Number(focused))?.button.focus({ preventScroll: true });
    this.focusing = false;
    this.#mark();
  }

  #fillSlot(label, chromosomes, below, copies) {
    const { whole, stand, sign } = this.slots[label];
    const vacant = Array.from({ length: Math.max(0, copies - chromosomes.length) }, () => h("div", { class: "vacant" }));
    for (const box of vacant) {
      box.style.width = `${Math.max(14, 14 * this.scale)}px`;
      box.style.height = `${Math.max(30, Math.min(90, 2 * below * this.scale * 0.6))}px`;
    }
    stand.replaceChildren(...chromosomes.map((one) => this.#button(one, below, this.scale)), ...vacant);
    const odd = chromosomes.length !== copies;
    whole.classList.toggle("odd", odd);
    const many =
      chromosomes.length > 2 || (odd && chromosomes.length) ? h("span", { class: "many" }, `×${chromosomes.length}`) : null;
    sign.replaceChildren(label, ...(many ? [many] : []));
    whole.setAttribute("aria-label", `Class ${label}: ${chromosomes.length} of ${copies}`);
    sign.setAttribute("aria-label", `${label}: put the chosen chromosome here`);
  }

  #button(one, below, scale) {
    const known = this.buttons.get(one.id) ?? this.#newButton(one.id);
    const { button, canvas } = known;
    const look = JSON.stringify([one.polygon, one.angle, one.flipped, scale.toFixed(2)]);
    if (known.look !== look) paint(canvas, this.picture, one, scale);
    known.look = look;
    button.style.marginBottom = `${Math.max(0, Math.round((below - size(one).height * (1 - heldAt(one))) * scale))}px`;
    if (!below) button.style.marginBottom = "0";
    const sure = one.label ? `class ${one.label}, probability ${one.probability.toFixed(2)}` : "without a class";
    const doubt = one.review.length ? `, to review: ${one.review.join(", ")}` : "";
    button.setAttribute("aria-label", `Chromosome ${one.id}, ${sure}${doubt}`);
    button.title = `${one.label ?? "?"} · ${one.probability.toFixed(2)}${doubt}`;
    known.note.hidden = !one.review.length;
    return button;
  }

  #newButton(id) {
    const canvas = h("canvas", { width: 1, height: 1 });
    const note = h("span", { class: "note" });
    const { state } = this.bench;
    const button = h(
      "button",
      { type: "button", class: "chromosome", "data-chromosome": id, tabindex: "-1" },
      h("span", { class: "look" }, note, canvas),
    );
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && state.hover(id));
    button.addEventListener("pointerleave", () => state.hover(null));
    button.addEventListener("click", (event) => !button.dragged && this.bench.pick(id, event.shiftKey));
    button.addEventListener("focus", () => {
      if (!this.focusing && button.matches(":focus-visible") && !state.chosen.includes(id)) state.choose(id);
    });
    button.addEventListener("pointerdown", (event) => this.#press(event, id, button));
    const known = { button, canvas, note };
    this.buttons.set(id, known);
    return known;
  }

  #press(event, id, button) {
    button.dragged = false;
    if (event.button !== 0 || !this.bench.canEdit) return;
    const follow = (move) => {
      if (Math.hypot(move.clientX - event.clientX, move.clientY - event.clientY) < STILL) return;
      stop();
      button.dragged = true;
      lift(this.bench, this.bench.state.one(id), move);
    };
    const stop = () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", stop);
      window.removeEventListener("pointercancel", stop);
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
  }

  #mark() {
    const { chosen, hovered } = this.bench.state;
    const first = chosen.at(-1) ?? this.order[0]?.id;
    for (const [id, { button }] of this.buttons) {
      button.classList.toggle("chosen", chosen.includes(id));
      button.classList.toggle("hovered", id === hovered);
      button.setAttribute("aria-pressed", String(chosen.includes(id)));
      button.tabIndex = id === first ? 0 : -1;
    }
  }

  /** Mark a side, "before" or "behind", of a chromosome's button as the gap where one goes; without a button, none is marked. */
  showGap(button, side) {
    clearTimeout(this.gapEnds);
    if (this.gap) delete this.gap.dataset.gap;
    if (button) button.dataset.gap = side;
    this.gap = button;
  }

  /** Show for a moment to which side of its homologue a chromosome went. */
  showMoved(id, side) {
    this.showGap(this.buttons.get(id).button, side);
    this.gapEnds = setTimeout(() => this.showGap(), MOMENT);
  }

  /** Put the focus on a chromosome, so that a screen reader says it. */
  focus(id) {
    this.buttons.get(id)?.button.focus({ preventScroll: true });
    this.buttons.get(id)?.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** The chromosome beside one, in a direction, by where they stand on the page; the nearest, mostly that way. */
  beside(id, [dx, dy]) {
    const spot = (button) => {
      const box = button.getBoundingClientRect();
      return [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    };
    const from = this.buttons.get(id);
    if (!from) return this.order[0]?.id;
    const [x, y] = spot(from.button);
    let [best, least] = [id, Infinity];
    for (const [other, { button }] of this.buttons) {
      const [ox, oy] = spot(button);
      const along = (ox - x) * dx + (oy - y) * dy;
      const across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      const cost = along + (dx ? 4 : 1) * across + (dy && along < 40 ? 1000 : 0);
      if (other !== id && along > 2 && cost < least) [best, least] = [other, cost];
    }
    return best;
  }
}
