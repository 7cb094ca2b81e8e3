// The tools of the photograph, the light on it, and the line that says what a tool waits for.

import { $, h, iconButton } from "./dom.js";
import { openMenu } from "./dialogs.js";
import { Cut } from "./tools/cut.js";
import { Gather } from "./tools/gather.js";
import { Lasso } from "./tools/lasso.js";
import { Segment } from "./tools/segment.js";
import { Select } from "./tools/select.js";
import { Strokes } from "./tools/strokes.js";

const TOOLS = {
  select: [Select, "select", "Choose and move", "V"],
  cut: [Cut, "cut", "Cut with a line", "K"],
  strokes: [Strokes, "strokes", "Part an overlap by strokes", "O"],
  join: [Gather, "join", "Join parts", "J"],
  lasso: [Lasso, "lasso", "Lasso a chromosome", "L"],
  segment: [Segment, "target", "Press to outline", "G"],
};

export class Toolbar {
  constructor(bench) {
    this.bench = bench;
    this.plain = false;
    const { metaphase } = bench;
    this.buttons = Object.fromEntries(
      Object.entries(TOOLS).map(([name, [, sign, label, key]]) => [
        name,
        iconButton(sign, `${label} (${key})`, () => this.pick(name), { "data-tool": name }),
      ]),
    );
    const light = iconButton("light", "Brightness and contrast", () => this.#light(light), { "aria-haspopup": "true" });
    this.outlines = iconButton("outline", "Outlines (H)", () => this.bare(), { "aria-pressed": "true" });
    this.invert = iconButton("invert", "Invert (I)", () => this.turnOver(), { "aria-pressed": "false" });
    $("#tools").append(...Object.values(this.buttons), h("span", { class: "gap" }), this.outlines, this.invert, light);
    $("#zoom").append(
      iconButton("plus", "Zoom in (+)", () => metaphase.view.zoom(1.4)),
      iconButton("minus", "Zoom out (-)", () => metaphase.view.zoom(1 / 1.4)),
      iconButton("fit", "Whole picture (0)", () => metaphase.view.fit()),
    );
    bench.state.on("chosen", () => this.showHint());
    this.pick("select");
  }

  pick(name) {
    if (name !== "select" && !this.bench.canEdit) return;
    this.tool?.leave?.();
    this.name = name;
    this.tool = new TOOLS[name][0](this.bench);
    this.bench.metaphase.gestures.tool = this.tool;
    this.bench.metaphase.pane.dataset.tool = name;
    for (const [other, button] of Object.entries(this.buttons)) button.setAttribute("aria-pressed", String(other === name));
    this.showHint();
  }

  showHint() {
    const { hint } = this.tool;
    const box = $("#hint");
    box.hidden = !hint;
    if (!hint) return box.replaceChildren();
    return box.replaceChildren(
      h("span", { class: "words", role: "status" }, hint),
      ...(this.tool.extras?.() ?? []).filter(Boolean),
      iconButton("close", "Leave this tool (Esc)", () => this.pick("select"), { class: "quiet only-icon" }),
    );
  }

  bare(plain = !this.plain) {
    this.plain = plain;
    this.bench.metaphase.bare(plain);
    this.outlines.setAttribute("aria-pressed", String(!plain));
  }

  turnOver() {
    const { metaphase } = this.bench;
    metaphase.shine({ invert: 1 - metaphase.light.invert });
    this.invert.setAttribute("aria-pressed", String(metaphase.light.invert === 1));
  }

  #light(button) {
    const { metaphase } = this.bench;
    const slider = (name, label) => [
      h("label", { for: name }, label),
      h("input", {
        id: name,
        type: "range",
        min: 0.3,
        max: 3,
        step: 0.05,
        value: metaphase.light[name],
        oninput: ({ target }) => metaphase.shine({ [name]: Number(target.value) }),
      }),
    ];
    const reset = h(
      "button",
      { type: "button", onclick: () => (metaphase.shine({ brightness: 1, contrast: 1 }), menu.hidePopover()) },
      "As taken",
    );
    const menu = openMenu(
      button,
      h("div", { class: "light" }, slider("brightness", "Brightness"), slider("contrast", "Contrast"), h("span"), reset),
    );
  }
}
