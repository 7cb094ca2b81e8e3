// The menus of the bench: what can be taken out, and what is needed less often.

import { openMenu } from "./dialogs.js";
import { h } from "./dom.js";
import { ofCase, ofCell } from "./exports.js";
import { FORMATS } from "./labels.js";

export function exports({ state, whole }, button) {
  openMenu(
    button,
    h("section", {}, h("h2", {}, "This cell"), ofCell(state.id, FORMATS)),
    h("section", {}, h("h2", {}, `Case ${whole.name}`), ofCase(whole)),
  );
}

/** What is needed less often: the use of the metaphase, the state of the case, history, keys. */
export function more(bench, button) {
  const { whole, person, state } = bench;
  const metaphase = whole.metaphases.find(({ analysis }) => analysis?.id === state.id);
  const entry = (text, run, key) =>
    h(
      "button",
      { type: "button", onclick: () => (menu.hidePopover(), run()) },
      text,
      key ? h("kbd", { class: "end" }, key) : null,
    );
  const signs = person.role === "approve";
  const deeds = [
    bench.canEdit && metaphase?.use !== "excluded" && entry("Exclude the metaphase", () => bench.use("excluded"), "Shift X"),
    bench.canEdit && metaphase?.use !== "counted" && entry("Count only", () => bench.use("counted"), "C"),
    bench.canEdit &&
      metaphase &&
      metaphase.use !== "karyogram" &&
      entry("Take it for a karyogram again", () => bench.use("karyogram")),
    bench.canEdit && entry("Rearrangements…", () => bench.structure(), "R"),
    h("h2", {}, `Case ${whole.name}: ${whole.state}`),
    whole.state === "open" && bench.canEdit && entry("Mark as reviewed", () => bench.act("review")),
    signs && ["open", "reviewed"].includes(whole.state) && entry("Approve the case", () => bench.act("approve")),
    person.role !== "read" &&
      ["reviewed", "approved"].includes(whole.state) &&
      entry("Sign as second reader", () => bench.act("second")),
    signs && whole.state === "approved" && entry("Lock", () => bench.act("lock")),
    signs && whole.state !== "open" && entry("Reopen", () => bench.act("reopen")),
    h("h2", {}, "Bench"),
    entry("History", () => bench.history(), "T"),
    entry("Keys", () => bench.help(), "?"),
  ];
  const menu = openMenu(button, deeds.filter(Boolean));
}
