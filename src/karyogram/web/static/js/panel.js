// The chosen chromosome: the pair beside ideogram and template, the odds, why it should be looked at, what can be done with it.

import * as api from "./api.js";
import { paint, size } from "./cutout.js";
import { openMenu } from "./dialogs.js";
import { $, h, iconButton } from "./dom.js";
import { homologues } from "./edits.js";
import { LABELS, LEVELS } from "./labels.js";

const HIGH = 136;
const [KEY, USUAL] = ["karyogram-bands", 550];

/** How many bands the ideograms show, kept on this machine. */
const level = () => LEVELS.find((one) => one === Number(localStorage.getItem(KEY))) ?? USUAL;

export class Panel {
  constructor(bench, picture) {
    Object.assign(this, { bench, picture, root: $("#panel") });
    bench.state.on("state", () => this.render());
    bench.state.on("chosen", () => this.render());
  }

  render() {
    const { state } = this.bench;
    if (!state.now) return;
    const one = state.first;
    const within = this.root.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    this.root.replaceChildren(one ? this.#one(one) : this.#none());
    if (within) this.root.querySelector(`[data-deed="${within}"]`)?.focus();
  }

  #none() {
    const { doubts } = this.bench.state;
    const walk = iconButton("next", "To the least certain", () => this.bench.walk(1), { words: true, class: "primary" });
    const words = doubts.length ? `${doubts.length} to look at.` : "Nothing is left to look at.";
    return h(
      "div",
      { class: "none" },
      h("p", {}, "No chromosome is chosen. Press one in the photograph or in the karyogram."),
      h("p", { class: "row" }, words, doubts.length ? walk : null),
    );
  }

  #one(one) {
    const { state } = this.bench;
    const deleted = state.isDeleted(one.id);
    return h(
      "div",
      { class: "panel-grid" },
      this.#pair(one),
      h(
        "div",
        { class: "about-one" },
        h(
          "div",
          { class: "title" },
          h("strong", {}, one.label ? `Class ${one.label}` : "Without a class"),
          h("span", { class: "muted" }, `chromosome ${one.id}`),
          deleted ? h("span", { class: "mark red" }, "deleted") : null,
          state.chosen.length > 1 ? h("span", { class: "mark blue" }, `${state.chosen.length} chosen`) : null,
        ),
        one.review.length
          ? h(
              "div",
              { class: "reasons" },
              one.review.map((reason) => h("span", { class: "mark amber" }, reason)),
            )
          : null,
        odds(one),
      ),
      this.#deeds(one, deleted),
    );
  }

  /** The ideogram of a class; pressed, it lets the reader choose how many bands a haploid set has on it. */
  #ideogram(label) {
    const choose = (bands) => {
      localStorage.setItem(KEY, bands);
      this.render();
      this.root.querySelector("[data-deed='level']").focus();
    };
    const entry = (bands) =>
      h(
        "button",
        { type: "button", "aria-pressed": String(bands === level()), onclick: () => (menu.hidePopover(), choose(bands)) },
        `${bands} bands`,
      );
    let menu;
    const open = () => (menu = openMenu(button, h("h2", {}, "Ideogram"), LEVELS.map(entry)));
    const name = `Ideogram of class ${label} at ${level()} bands: choose the level`;
    const picture = h("img", { src: api.ideogram(label, level()), alt: `Ideogram of class ${label}`, onerror: hide });
    const button = h(
      "button",
      { type: "button", class: "quiet ideogram", "aria-haspopup": "true", "aria-label": name, title: name, "data-deed": "level" },
      picture,
      h("figcaption", {}, `${level()} ▾`),
    );
    button.addEventListener("click", open);
    return h("figure", {}, button);
  }

  #pair(one) {
    const { chromosomes } = this.bench.state.now;
    const pair = one.label ? chromosomes.filter(({ label }) => label === one.label) : [];
    const shown = pair.includes(one) ? pair : [...pair, one];
    const scale = Math.min(
      5,
      HIGH / Math.max(...shown.map((other) => size(other).height)),
      120 / shown.reduce((sum, other) => sum + size(other).width, 0),
    );
    const own = shown.map((other) => {
      const canvas = h("canvas");
      paint(canvas, this.picture, other, scale);
      return h("figure", { class: other === one ? "chosen" : "" }, canvas, h("figcaption", {}, other.id));
    });
    const like = one.label ?? guesses(one)[0]?.[0];
    const drawings = like
      ? [
          this.#ideogram(like),
          h(
            "figure",
            {},
            h("img", { src: api.template(like), alt: `Template of class ${like}`, onerror: hide }),
            h("figcaption", {}, "template"),
          ),
        ]
      : [];
    return h("div", { class: "pair paper" }, drawings, own);
  }

  #deeds(one, deleted) {
    const { bench } = this;
    const closed = !bench.canEdit;
    const deed = (name, label, key, run) =>
      iconButton(name, `${label} (${key})`, run, { disabled: closed, "data-deed": name });
    const copies = one.label ? homologues(bench.state.now, one.label) : [];
    const at = copies.indexOf(one);
    const changing = deleted
      ? [
          iconButton("restore", "Restore (Delete)", () => bench.remove(), {
            words: "Restore",
            disabled: closed,
            "data-deed": "restore",
          }),
        ]
      : [
          iconButton("confirm", "Confirm and go on (Enter)", () => bench.confirm(), {
            words: "Confirm",
            class: "primary",
            disabled: closed,
            "data-deed": "confirm",
          }),
          h(
            "button",
            {
              type: "button",
              disabled: closed,
              "data-deed": "class",
              title: "Give a class (M)",
              onclick: () => bench.palette(),
            },
            "Class…",
          ),
          deed("flip", "Flip", "F", () => bench.flip()),
          deed("left", "Turn left", "[", () => bench.rotate(5)),
          deed("right", "Turn right", "]", () => bench.rotate(-5)),
          deed("swap", "Swap with another", "S", () => bench.swap()),
          ...(bench.state.chosen.length > 1
            ? [deed("join", "Join the chosen", "J", () => bench.join())]
            : [
                at > 0 ? deed("before", "Before its homologue", "Shift ←", () => bench.places.order(-1)) : null,
                at < copies.length - 1 ? deed("behind", "Behind its homologue", "Shift →", () => bench.places.order(1)) : null,
              ]),
          deed("delete", "Delete", "Delete", () => bench.remove()),
        ];
    return h("div", { class: "deeds" }, changing);
  }
}

const hide = (event) => event.target.closest("figure").remove();

/** [label, probability], the likeliest first. */
export function guesses({ probabilities }) {
  return (probabilities ?? []).map((value, i) => [classAt(i), value]).sort((a, b) => b[1] - a[1]);
}

const classAt = (i) => (i < 22 ? String(i + 1) : "XY"[i - 22]);

function odds(one) {
  const best = guesses(one).slice(0, 3);
  const rows = best.filter(([label, value], i) => i < 2 || (value >= 0.02 && LABELS.includes(label)));
  const sure = one.label ? h("span", { class: "muted" }, `as placed: ${one.probability.toFixed(2)}`) : null;
  return h(
    "div",
    { class: "odds", role: "group", "aria-label": "Classes by probability" },
    rows.flatMap(([label, value]) => [
      h("span", {}, label),
      h("meter", { min: 0, max: 1, value, "aria-label": `Class ${label}` }),
      h("span", {}, value.toFixed(2)),
    ]),
    sure,
  );
}
