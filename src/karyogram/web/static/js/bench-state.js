// The state of the bench and the way its edits take to the server. Views listen; nothing here touches the page.
//
// Edits show at once (edits.js) and are sent one after the other, each with the version it builds on. The server's answer is
// the truth. When someone else was faster, the queue stops and keeps what was not saved until a person has decided.

import * as api from "./api.js";
import { doubtful, foresee } from "./edits.js";

const RETRY = 3000;

export class BenchState extends EventTarget {
  constructor(id) {
    super();
    this.id = id;
    this.analysis = null;
    this.chosen = [];
    this.hovered = null;
    this.queue = [];
    this.sending = false;
    this.conflict = null;
    this.trouble = ""; // why edits do not reach the server: "offline", "logged out"
    this.theirs = ""; // who made the last edit, if somebody else has while this page was open
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, listener) {
    this.addEventListener(name, (event) => listener(event.detail));
  }

  async load() {
    this.take(await api.analysis(this.id));
    return this.analysis;
  }

  /** Take a state of the server for the truth; edits still under way are laid over it. */
  take(answer, by = "") {
    this.analysis = { ...this.analysis, ...answer };
    this.theirs = by;
    this.show();
  }

  /** Take what `by` has done meanwhile, unless an own edit is not saved yet: that goes first. Resolves to whether it was taken. */
  async follow(by) {
    if (this.unsaved) return false;
    const answer = await api.analysis(this.id);
    if (this.unsaved) return false;
    if (answer.version <= this.analysis.version) return false;
    this.take(answer, by);
    return true;
  }

  show() {
    const { karyotype, deleted, confirmed } = this.analysis;
    const saved = { chromosomes: karyotype?.chromosomes ?? [], deleted: deleted ?? [], confirmed: confirmed ?? [] };
    const before = new Set(this.all?.map(({ id }) => id));
    this.now = foresee(
      saved,
      this.queue.flatMap((job) => job.edits ?? []),
    );
    this.all = [...this.now.chromosomes, ...this.now.deleted];
    const fresh = this.now.chromosomes.map(({ id }) => id).filter((id) => before.size && !before.has(id));
    this.chosen = this.chosen.filter((id) => this.one(id) && !(fresh.length && this.isDeleted(id)));
    if (fresh.length && !this.chosen.length && !this.theirs) this.chosen = fresh.slice(0, 1);
    this.tell("state");
    this.tell("chosen");
  }

  one(id) {
    return this.all.find((one) => one.id === id);
  }

  isDeleted(id) {
    return this.now.deleted.some((one) => one.id === id);
  }

  get first() {
    return this.chosen.length ? this.one(this.chosen.at(-1)) : undefined;
  }

  get doubts() {
    return doubtful(this.now);
  }

  get canUndo() {
    return this.queue.some((job) => job.edits) || Boolean(this.analysis.can_undo);
  }

  get canRedo() {
    return !this.queue.length && Boolean(this.analysis.can_redo);
  }

  get unsaved() {
    return this.queue.length > 0;
  }

  choose(id, more = false) {
    if (id === null) this.chosen = [];
    else if (!more) this.chosen = [id];
    else this.chosen = this.chosen.includes(id) ? this.chosen.filter((one) => one !== id) : [...this.chosen, id];
    this.tell("chosen");
  }

  chooseAll(ids) {
    this.chosen = ids;
    this.tell("chosen");
  }

  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.tell("hovered");
  }

  edit(...edits) {
    return this.#add({ edits });
  }

  undo() {
    if (this.canUndo) this.#add({ way: "undo" });
  }

  redo() {
    if (this.canRedo) this.#add({ way: "redo" });
  }

  #add(job) {
    if (this.conflict) return this.tell("conflict", this.conflict);
    this.queue.push(job);
    if (job.edits) this.show();
    this.tell("saving");
    return this.#send();
  }

  async #send() {
    if (this.sending || this.conflict) return;
    this.sending = true;
    while (this.queue.length && !this.conflict) {
      const job = this.queue[0];
      try {
        const { version } = this.analysis;
        const answer = await (job.edits ? api.edit(this.id, version, job.edits) : api.step(this.id, job.way, version));
        this.queue.shift();
        this.trouble = "";
        this.take(answer);
      } catch (error) {
        await this.#failed(job, error);
      }
      this.tell("saving");
    }
    this.sending = false;
  }

  async #failed(job, error) {
    if (error.status === 409) {
      this.conflict = error;
      this.tell("conflict", error);
    } else if (error.status === undefined || error.status >= 500 || [401, 429].includes(error.status)) {
      this.trouble = error.status === 401 ? "logged out" : "offline";
      this.tell("saving");
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    } else {
      this.queue.shift();
      this.tell("refused", { job, error });
      this.show();
    }
  }

  /** Resolves once nothing is under way any more: to true if all is saved, to false if a person has to decide. */
  async settled() {
    if (this.conflict) this.tell("conflict", this.conflict);
    while (this.unsaved && !this.conflict)
      await new Promise((resolve) => this.addEventListener("saving", resolve, { once: true }));
    return !this.unsaved;
  }

  /** The queued edits that can follow what another has done: an undo takes back the queued one before it, and no saved one. */
  get ownEdits() {
    return this.queue.reduce((kept, job) => (job.edits ? [...kept, job] : kept.slice(0, -1)), []);
  }

  /** After a conflict: take what the other has done, and send the own edits after it or drop them. */
  async resolve(keep) {
    const { current, by } = this.conflict.body;
    this.conflict = null;
    this.queue = keep ? this.ownEdits : [];
    if (current?.karyotype) this.take(current, by);
    else await this.load();
    this.tell("saving");
    return this.#send();
  }
}
