// What a key, a button or a drop does: from a wish of the reader to edits, or to a question back.

import * as api from "./api.js";
import * as talk from "./bench-dialogs.js";
import * as menus from "./bench-menus.js";
import { $, announce, notify } from "./dom.js";
import { Header } from "./header.js";
import { Karyogram } from "./karyogram.js";
import { listen } from "./keys.js";
import { deedsOfOthers, watch } from "./live.js";
import { Metaphase } from "./metaphase.js";
import { Panel } from "./panel.js";
import { nameOf } from "./person.js";
import { Places } from "./places.js";
import { saw, sawCase } from "./seen.js";
import { outlive } from "./session.js";
import { notifyOf, act as sign } from "./signing.js";
import { Toolbar } from "./toolbar.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Whether a cell still waits for a person: it is being read, or has chromosomes to look at, or nobody has touched it. */
const waits = ({ state, review, version }) => ["queued", "running"].includes(state) || review > 0 || !version;

export class Bench {
  constructor(state) {
    this.state = state;
    this.swapping = null;
    this.places = new Places(this);
  }

  /** Build the page once the analysis is done and its picture is here. */
  open(picture, person, whole) {
    Object.assign(this, { person, whole });
    this.metaphase = new Metaphase(this.state, picture);
    this.karyogram = new Karyogram(this, picture);
    this.panel = new Panel(this, picture);
    this.toolbar = new Toolbar(this);
    this.header = new Header(this);
    this.state.on("conflict", (error) => talk.conflict(this, error));
    this.state.on("refused", ({ error }) => notify(error.message, "bad"));
    this.state.on("state", () => saw(this.state.id, this.state.analysis.version));
    sawCase(whole);
    this.state.show();
    listen(this);
    outlive(this.state);
    watch(() => this.#follow());
    $("#main").setAttribute("aria-busy", "false");
  }

  /** Take in and say what others have done; what an own edit stands in the way of comes with the next look. */
  async #follow() {
    const { version, analyses } = await api.versions(this.whole.id);
    const { by, version: newest } = analyses[this.state.id];
    const me = nameOf(this.person);
    if (newest > this.state.analysis.version && (await this.state.follow(by === me ? "" : by)) && by !== me)
      notify(`${by} has changed this cell.`);
    if (version !== this.whole.version) await this.#reload();
  }

  /** Fetch the case anew, and say what others have done to it. */
  async #reload() {
    const before = this.whole;
    this.whole = await api.oneCase(before.id);
    notifyOf(deedsOfOthers(before, this.whole, nameOf(this.person)));
    this.header.render();
    this.panel.render();
  }

  get canEdit() {
    return this.person.role !== "read" && ["open", "reviewed"].includes(this.whole.state);
  }

  edit(...edits) {
    if (!edits.length) return undefined;
    if (this.canEdit) return this.state.edit(...edits);
    return notify(
      this.person.role === "read" ? "Your role may read, not edit." : `The case is ${this.whole.state}. Reopen it to edit.`,
    );
  }

  /** A chromosome was pressed: it is chosen, or swapped with the one that waits for it. */
  pick(id, more = false) {
    const waiting = this.swapping;
    this.#await(null);
    if (waiting && id && id !== waiting) this.edit({ kind: "swap", a: waiting, b: id });
    this.state.choose(waiting ?? id, more && !waiting);
    const one = this.state.first;
    if (one) this.metaphase.view.reveal(one.bbox);
  }

  walk(step) {
    const { doubts, first } = this.state;
    if (!doubts.length) return announce("Nothing is left to look at.");
    const at = doubts.findIndex(({ id }) => id === first?.id);
    const next = at < 0 ? (step > 0 ? 0 : doubts.length - 1) : (at + step + doubts.length) % doubts.length;
    return this.#go(doubts[next].id);
  }

  /** Go to a chromosome by keys; one that waits to be swapped waits for Enter. */
  #go(id) {
    const { tool } = this.toolbar;
    if (tool.walk) tool.walk(id);
    else if (this.swapping) this.state.choose(id);
    else this.pick(id);
    this.karyogram.focus(id);
  }

  beside(key) {
    const { first } = this.state;
    const id = first ? this.karyogram.beside(first.id, ARROWS[key]) : this.karyogram.order[0]?.id;
    if (id !== undefined) this.#go(id);
  }

  /** A person agrees with the chosen one; the next doubtful one is chosen. */
  confirm() {
    const { first, doubts } = this.state;
    if (!first) return this.walk(1);
    if (this.swapping) return this.pick(first.id);
    const at = doubts.findIndex(({ id }) => id === first.id);
    const next = doubts.filter(({ id }) => id !== first.id)[Math.max(0, at) % Math.max(1, doubts.length - 1)];
    if (at >= 0) this.edit({ kind: "confirm", id: first.id });
    if (next) return this.#go(next.id);
    announce("Nothing is left to look at.");
    return this.state.choose(null);
  }

  flip() {
    this.#eachChosen((id) => ({ kind: "flip", id }));
  }

  rotate(degrees) {
    this.#eachChosen((id) => ({ kind: "rotate", id, degrees }));
  }

  remove() {
    const { state } = this;
    const next = state.first && !state.isDeleted(state.first.id) ? null : state.first?.id;
    const edits = state.chosen.map((id) => ({ kind: state.isDeleted(id) ? "restore" : "delete", id }));
    if (edits.length) this.edit(...edits);
    state.choose(next ?? null);
  }

  #eachChosen(edit) {
    const edits = this.state.chosen.filter((id) => !this.state.isDeleted(id)).map(edit);
    if (edits.length) this.edit(...edits);
  }

  swap() {
    const { chosen } = this.state;
    if (chosen.length === 2) this.edit({ kind: "swap", a: chosen[0], b: chosen[1] });
    else if (chosen.length === 1) this.#await(chosen[0]);
  }

  #await(id) {
    this.swapping = id;
    const which = id && `${this.state.one(id).label ?? "?"} (${id})`;
    this.header?.wait(id ? `Press the one that changes places with ${which}, or go there by keys: Enter.` : "");
  }

  join() {
    const ids = this.state.chosen.filter((id) => !this.state.isDeleted(id));
    if (ids.length > 1) this.edit({ kind: "join", ids });
    else this.draw("join");
  }

  draw(tool) {
    this.toolbar.pick(tool);
    this.metaphase.pane.focus({ preventScroll: true });
  }

  zoom(key) {
    const { view } = this.metaphase;
    if (key === "0") view.fit();
    else view.zoom(key === "-" ? 1 / 1.4 : 1.4);
  }

  escape() {
    if (this.swapping) this.#await(null);
    else if (this.toolbar.name !== "select") this.toolbar.pick("select");
    else this.state.choose(null);
  }

  async palette() {
    if (!this.state.first || !this.canEdit) return;
    const label = await talk.palette(this);
    if (label !== undefined) this.places.send(label);
  }

  /** One press approves a normal cell and opens the next; where something is odd, the person is asked first. */
  async approve() {
    if (!this.canEdit || !(await this.state.settled())) return;
    if (!(await talk.odd(this))) return;
    this.edit({ kind: "confirm_all" });
    if (await this.state.settled()) await this.#next();
  }

  async #next() {
    await this.#reload();
    const open = this.whole.metaphases.filter(
      ({ use, analysis }) => use === "karyogram" && analysis && analysis.id !== this.state.id && waits(analysis),
    );
    if (open.length) location.assign(`/analyses/${open[0].analysis.id}`);
    else if (this.whole.state !== "approved") await talk.sign(this);
    else announce("Approved.");
  }

  /** Do something to the case, and say what came of it. */
  async act(kind, note) {
    if (!(await this.state.settled())) return;
    try {
      const whole = await sign(this.whole, kind, note);
      if (whole) announce(`The case is ${whole.state}.`);
      this.whole = whole ?? this.whole;
    } catch (error) {
      notify(error.message, "bad");
      this.whole = await api.oneCase(this.whole.id);
    }
    this.header.render();
    this.panel.render();
  }

  /** Take back the last edit; of one that somebody else has made just now, ask first. */
  async undo() {
    const { state } = this;
    const own = !state.theirs || state.unsaved;
    if (own || (state.canUndo && (await talk.undoTheirs(state.theirs)))) state.undo();
  }

  async use(use) {
    if (this.canEdit && (await talk.use(this, use))) await this.#next();
  }

  /** What is exported is what is saved, so that comes first. */
  async exports() {
    if (await this.state.settled()) menus.exports(this, this.header.exportButton);
  }

  async structure() {
    if (!this.canEdit) return;
    const terms = await talk.structure(this);
    if (terms) this.edit({ kind: "structure", terms });
  }

  history() {
    talk.history(this);
  }

  help() {
    talk.help();
  }

  more(button) {
    menus.more(this, button);
  }
}
