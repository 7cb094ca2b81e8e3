// The photograph with its outlines: what is chosen or hovered here is so in the karyogram, too.

import { $, h, s } from "./dom.js";
import { area, draw, freeSpots } from "./geometry.js";
import { Gestures } from "./gestures.js";
import { View } from "./view.js";

const SCROLL = 0.0016;

export class Metaphase {
  constructor(state, picture) {
    this.state = state;
    this.pane = $("#metaphase");
    this.image = h("img", { alt: "", src: picture.src });
    this.outlines = s("g");
    this.names = s("g", { "aria-hidden": "true" });
    this.drafts = s("g");
    this.layer = s("g", {}, this.outlines, this.names, this.drafts);
    this.overlay = s("svg", { "aria-hidden": "true" }, this.layer);
    this.pane.append(this.image, this.overlay);
    this.light = { brightness: 1, contrast: 1, invert: 0 };
    this.view = new View(this.pane, picture.naturalWidth, picture.naturalHeight, (view) => this.#place(view));
    this.gestures = new Gestures(this.pane, this.view);
    this.pane.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    state.on("state", () => this.render());
    state.on("chosen", () => this.#mark());
    state.on("hovered", () => this.#mark());
    this.pane.addEventListener(
      "pointermove",
      (event) => event.pointerType === "mouse" && state.hover(this.at(event)?.id ?? null),
    );
    this.pane.addEventListener("pointerleave", () => state.hover(null));
  }

  #place({ scale, x, y }) {
    this.image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.image.style.imageRendering = scale > 5 ? "pixelated" : "auto";
    this.layer.setAttribute("transform", `translate(${x} ${y}) scale(${scale}) translate(0.5 0.5)`);
    this.overlay.style.setProperty("--unit", `${1 / scale}px`.replace("px", ""));
  }

  #wheel(event) {
    event.preventDefault();
    const box = this.pane.getBoundingClientRect();
    this.view.zoom(Math.exp(-event.deltaY * SCROLL), event.clientX - box.left, event.clientY - box.top);
  }

  /** Set brightness, contrast (1 = as taken) and invert (0 or 1, of the photograph alone: a karyogram is read on white). */
  shine(change) {
    Object.assign(this.light, change);
    const { brightness, contrast, invert } = this.light;
    const light = `brightness(${brightness}) contrast(${contrast})`;
    this.image.style.filter = `${light} invert(${invert})`;
    $("#main").style.setProperty("--light", light);
  }

  /** The chromosome under a pointer: where several lie across each other the one after the chosen, else the smallest. */
  at(event, next = false) {
    const ids = document
      .elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.dataset?.outline)
      .filter(Boolean)
      .map(Number);
    const under = ids
      .map((id) => this.state.one(id))
      .filter(Boolean)
      .sort((a, b) => area(a.polygon) - area(b.polygon));
    const chosen = under.findIndex((one) => one === this.state.first);
    return next && chosen >= 0 ? under[(chosen + 1) % under.length] : (under[Math.max(0, chosen)] ?? null);
  }

  render() {
    const kind = ({ label, review }) => (label ? (review.length ? "review" : "") : "unplaced");
    const shown = this.state.now.chromosomes;
    this.outlines.replaceChildren(
      ...shown.map((one) => s("path", { class: `outline ${kind(one)}`, d: draw(one.polygon, true), "data-outline": one.id })),
    );
    const spots = freeSpots(shown);
    this.names.replaceChildren(
      ...shown.map((one) => {
        const [x, y] = spots.get(one.id);
        return s("text", { class: `name ${kind(one)}`, x, y }, one.label ?? "?");
      }),
    );
    this.#mark();
  }

  #mark() {
    for (const path of this.outlines.children) {
      const id = Number(path.dataset.outline);
      path.classList.toggle("chosen", this.state.chosen.includes(id));
      path.classList.toggle("hovered", id === this.state.hovered);
    }
  }

  /** Show outlines and names, or the bare photograph. */
  bare(plain) {
    this.overlay.classList.toggle("plain", plain);
  }
}
