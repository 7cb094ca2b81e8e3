// The top of the bench: where we are, the karyotype so far, whether all is saved, and what can be done with the cell.

import { $, h, iconButton } from "./dom.js";
import { inWords } from "./edits.js";

const TROUBLES = { offline: "No connection, trying again", "logged out": "Logged out, not saved" };

export class Header {
  constructor(bench) {
    this.bench = bench;
    const { state } = bench;
    this.undo = iconButton("undo", "Undo (Ctrl Z)", () => bench.undo());
    this.redo = iconButton("redo", "Redo (Ctrl Shift Z)", () => state.redo());
    this.exportButton = iconButton("export", "Export (E)", () => bench.exports(), { words: "Export", "aria-haspopup": "true" });
    this.more = iconButton("more", "More", () => bench.more(this.more), { "aria-haspopup": "true" });
    this.approve = iconButton("confirm", "Approve the cell (A)", () => bench.approve(), { words: "Approve", class: "primary" });
    $("#commands").append(this.undo, this.redo, this.exportButton, this.approve, this.more);
    this.waiting = "";
    state.on("state", () => this.render());
    state.on("saving", () => this.render());
  }

  /** Show what the bench waits for, or nothing. */
  wait(words) {
    this.waiting = words;
    this.#review();
  }

  render() {
    const { state, whole } = this.bench;
    const { analysis } = state;
    const { iscn, findings = [], warnings = [] } = analysis.karyotype ?? {};
    const placed = state.now.chromosomes.length;
    $("#title").textContent = `${analysis.filename}, case ${whole.name}`;
    document.title = `${analysis.filename} · ${whole.name} · karyogram`;
    $(".crumbs").replaceChildren(...this.#crumbs());
    $("#iscn").textContent = iscn || "no ISCN text";
    $("#count").textContent = `${placed} chromosomes`;
    $("#marks").replaceChildren(
      ...(whole.state === "open"
        ? []
        : [h("span", { class: `mark ${whole.state === "approved" ? "green" : "blue"}` }, whole.state)]),
      ...findings.map(({ label, change, probability }) =>
        h("span", { class: "mark amber", title: `probability ${probability.toFixed(2)}` }, `${change > 0 ? "+" : "−"}${label}`),
      ),
      ...(warnings.length
        ? [
            h(
              "span",
              { class: "mark amber", title: warnings.join("\n") },
              `${warnings.length} warning${warnings.length > 1 ? "s" : ""}`,
            ),
          ]
        : []),
    );
    const saved = $("#saved");
    saved.textContent = state.conflict ? "Not saved" : (TROUBLES[state.trouble] ?? (state.unsaved ? "Saving…" : "Saved"));
    saved.classList.toggle("bad", Boolean(state.conflict || state.trouble));
    saved.title = state.queue
      .flatMap((job) => job.edits ?? [])
      .map(inWords)
      .join("\n");
    this.undo.disabled = !this.bench.canEdit || !state.canUndo;
    this.redo.disabled = !this.bench.canEdit || !state.canRedo;
    this.approve.disabled = !this.bench.canEdit;
    this.#review();
  }

  #crumbs() {
    const { whole, state } = this.bench;
    const cells = whole.metaphases.filter(({ analysis }) => analysis);
    const at = cells.findIndex(({ analysis }) => analysis.id === state.id);
    const way = (step, name, label) => {
      const other = cells[at + step];
      return other ? h("a", { href: `/analyses/${other.analysis.id}`, "aria-label": label, title: label }, name) : null;
    };
    return [
      h("a", { href: `/cases/${whole.id}` }, whole.name),
      way(-1, "‹", "The metaphase before"),
      h("span", { title: state.analysis.filename }, `${at + 1} of ${cells.length}`),
      way(1, "›", "The next metaphase"),
    ].filter(Boolean);
  }

  #review() {
    const { bench } = this;
    const { doubts } = bench.state;
    const words =
      this.waiting || (doubts.length ? `${doubts.length} to look at, the least certain first` : "Nothing is left to look at");
    const walk = (sign, label, step) => iconButton(sign, label, () => bench.walk(step), { disabled: !doubts.length });
    const kept = document.activeElement?.closest?.("#review") ? document.activeElement.title : null;
    $("#review").replaceChildren(
      h("span", { class: `mark ${doubts.length ? "amber" : "green"}` }, String(doubts.length)),
      h("span", { class: "words", role: "status" }, words),
      walk("previous", "The doubtful one before (P)", -1),
      walk("next", "Next doubtful one (N)", 1),
    );
    if (kept) [...$("#review").querySelectorAll("button")].find(({ title }) => title === kept)?.focus();
  }
}
