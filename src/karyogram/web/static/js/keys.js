// The keys of the bench: one table, which the help shows as it stands. A class is typed; 1 and 2 wait for a second digit.

import { notify } from "./dom.js";

const WAIT = 700;
const EVERY = 5;

/** [group, key as shown, what it does, test of the event, deed]. */
export const KEYS = [
  ["Look", "N", "next to review, the least certain first", plain("n"), (bench) => bench.walk(1)],
  ["Look", "P", "the one before", plain("p"), (bench) => bench.walk(-1)],
  [
    "Change",
    "Shift ←  Shift →",
    "before, behind its homologue",
    (event) => event.shiftKey && ["ArrowLeft", "ArrowRight"].includes(event.key),
    (bench, event) => bench.places.order(event.key === "ArrowLeft" ? -1 : 1),
  ],
  [
    "Look",
    "arrows",
    "to the chromosome beside",
    (event) => event.key.startsWith("Arrow"),
    (bench, event) => bench.beside(event.key),
  ],
  ["Look", "Enter", "confirm and go on", plain("enter"), (bench) => bench.confirm()],
  ["Look", "Shift press", "choose one more", () => false, null],
  ["Look", "Esc", "choose nothing, leave a tool", plain("escape"), (bench) => bench.escape()],
  ["Change", "1 … 22, X, Y", "class of the chosen", () => false, null],
  ["Change", "U", "without a place", plain("u"), (bench) => bench.places.send(null)],
  ["Change", "M", "pick the class from a palette", plain("m"), (bench) => bench.palette()],
  ["Change", "S", "swap with the one pressed next, or gone to: Enter", plain("s"), (bench) => bench.swap()],
  ["Change", "F", "flip", plain("f"), (bench) => bench.flip()],
  [
    "Change",
    "[  ]",
    `turn by ${EVERY}°`,
    (event) => event.key === "[" || event.key === "]",
    (bench, event) => bench.rotate(event.key === "[" ? EVERY : -EVERY),
  ],
  [
    "Change",
    "Delete",
    "delete, or restore a deleted one",
    (event) => event.key === "Delete" || event.key === "Backspace",
    (bench) => bench.remove(),
  ],
  ["Change", "J", "join the chosen, or with those gone to: Enter", plain("j"), (bench) => bench.join()],
  ["Change", "Shift Enter", "joining: keep the one gone to", () => false, null],
  ["Change", "Ctrl Z", "undo", ctrl("z"), (bench) => bench.undo()],
  ["Change", "Ctrl Shift Z", "redo", (event) => ctrl("y")(event) || ctrl("z", true)(event), (bench) => bench.state.redo()],
  ["Photograph", "V", "choose and move", plain("v"), (bench) => bench.toolbar.pick("select")],
  ["Photograph", "K", "cut", plain("k"), (bench) => bench.draw("cut")],
  ["Photograph", "O", "part an overlap by strokes", plain("o"), (bench) => bench.draw("strokes")],
  ["Photograph", "L", "lasso", plain("l"), (bench) => bench.draw("lasso")],
  ["Photograph", "G", "press to outline", plain("g"), (bench) => bench.draw("segment")],
  ["Photograph", "arrows  Space", "draw: move the crosshair (Shift: finely), set a point", () => false, null],
  ["Photograph", "Enter", "end the line, take the outline", () => false, null],
  ["Photograph", "H", "outlines on and off", plain("h"), (bench) => bench.toolbar.bare()],
  ["Photograph", "I", "invert", plain("i"), (bench) => bench.toolbar.turnOver()],
  [
    "Photograph",
    "+  −  0",
    "zoom in, out, whole picture",
    (event) => "+-=0".includes(event.key) && event.key.length === 1,
    (bench, event) => bench.zoom(event.key),
  ],
  ["Cell", "A", "approve the cell, go to the next", plain("a"), (bench) => bench.approve()],
  ["Cell", "Shift X", "exclude the metaphase", (event) => isExclude(event), (bench) => bench.use("excluded")],
  ["Cell", "C", "count only", plain("c"), (bench) => bench.use("counted")],
  ["Cell", "R", "rearrangements seen in it", plain("r"), (bench) => bench.structure()],
  ["Cell", "E", "export", plain("e"), (bench) => bench.exports()],
  ["Cell", "T", "history", plain("t"), (bench) => bench.history()],
  ["Cell", "?", "these keys", (event) => event.key === "?", (bench) => bench.help()],
];

function plain(key) {
  return (event) => event.key.toLowerCase() === key && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** X alone is a class, so that no slip of the mind leaves a cell out. */
function isExclude(event) {
  return event.shiftKey && plain("x")(event);
}

function ctrl(key, shift = false) {
  return (event) => (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === key && event.shiftKey === shift;
}

/** Digits and X, Y typed one after the other, as classes: `take(label)` is called once it is clear which. */
export class Typing {
  constructor(take, wait = WAIT) {
    Object.assign(this, { take, wait, typed: "" });
  }

  /** Returns whether the key was one of a class. */
  key(key) {
    const next = this.typed + key.toUpperCase();
    if (/^([XY])$/.test(next)) return this.#done(next);
    if (/^(1\d|2[0-2]|[3-9])$/.test(next)) return this.#done(next);
    if (/^[12]$/.test(next)) {
      this.typed = next;
      this.timer = setTimeout(() => this.#done(next), this.wait);
      return true;
    }
    if (!this.typed) return false;
    this.#done(this.typed);
    return this.key(key);
  }

  /** What was typed counts now. */
  settle() {
    if (this.typed) this.#done(this.typed);
  }

  #done(label) {
    clearTimeout(this.timer);
    this.typed = "";
    this.take(label);
    return true;
  }
}

const writes = (target) => target.closest?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, dialog");

/** Let the keys of the table, classes typed and the tool in hand reach the bench. */
export function listen(bench) {
  const typing = new Typing((label) => bench.places.send(label));
  document.addEventListener("pointerdown", () => typing.settle(), true); // before another chromosome is chosen
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || writes(event.target) || document.querySelector("dialog[open], [popover]:popover-open"))
      return;
    const own = event.target.closest?.("button, a, input, summary, label") && !event.target.dataset.chromosome;
    if (own && (event.key === "Enter" || event.key === " " || (event.target.type === "range" && event.key.startsWith("Arrow"))))
      return;
    const bare = !event.ctrlKey && !event.metaKey && !event.altKey;
    const drawing = event.target.closest?.("#metaphase") || event.key === "Enter";
    if (bare && drawing && bench.toolbar.tool.key?.(event)) return event.preventDefault();
    if (bare && bench.state.chosen.length && !isExclude(event) && typing.key(event.key)) return event.preventDefault();
    typing.settle();
    const deed = KEYS.find(([, , , test]) => test(event))?.[4];
    if (!deed) return bare && /^[1-9xy]$/i.test(event.key) ? notify("Choose a chromosome first, then type its class.") : undefined;
    event.preventDefault();
    return deed(bench, event);
  });
}
