// One case: its cells, what they add up to, what can be done with it, and who did what.

import * as api from "./api.js";
import { card } from "./case-cells.js";
import { ask, openMenu } from "./dialogs.js";
import { $, announce, h, iconButton, notify, when } from "./dom.js";
import { onChoose, onDrop } from "./drops.js";
import { ofCase } from "./exports.js";
import { takeIn } from "./intake.js";
import { deedsOfOthers, isCurrent, watch } from "./live.js";
import { nameOf, showReader } from "./person.js";
import { sawCase } from "./seen.js";
import { WORDS, notifyOf, act as sign } from "./signing.js";

const id = Number(document.body.dataset.key);
const COLOURS = { open: "", reviewed: "blue", approved: "green", locked: "green" };
let person;
let whole;

async function load() {
  whole = await api.oneCase(id);
  sawCase(whole);
  render();
}

/** Somebody or a worker has changed something: show it, unless the reader is about to choose something here. */
async function follow() {
  const busy = document.querySelector("dialog[open], [popover]:popover-open, #cells select:focus");
  if (busy || isCurrent(whole, await api.versions(id))) return;
  const before = whole;
  await load();
  notifyOf(deedsOfOthers(before, whole, nameOf(person)));
}

function render() {
  document.title = `${whole.name} · karyogram`;
  $("#name").textContent = whole.name;
  $("#state").className = `mark ${COLOURS[whole.state] ?? ""}`;
  $("#state").textContent = whole.archived ? `${whole.state}, in the archive` : whole.state;
  $(".crumbs").replaceChildren(h("a", { href: "/" }, "Cases"));
  renderResult();
  renderActions();
  $("#cells").replaceChildren(...whole.metaphases.map((one) => card(one, { whole, person, changed: load })));
  $("#history").replaceChildren(
    ...whole.actions
      .toReversed()
      .map((row) =>
        h(
          "li",
          {},
          when(row.at),
          h("span", {}, row.user),
          h("span", {}, [WORDS[row.kind] ?? row.kind, ...told(row.what)].join(" · ")),
        ),
      ),
  );
}

/** What an action's row says, for people. */
const told = ({ name, filename, use, counted_number: number, note }) =>
  [name, filename, use, number, note].filter(Boolean).map(String);

/** What the cells say together, such as "+21 (0.97)". */
const together = (findings) =>
  (findings ?? [])
    .map(({ label, change, probability }) => `${change > 0 ? "+" : "−"}${label} (${probability.toFixed(2)})`)
    .join(", ");

function renderResult() {
  const result = whole.result ?? {};
  const fact = (name, value) => (value || value === 0 ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);
  const clones = (result.clones ?? []).filter(({ iscn }) => iscn && iscn !== result.iscn);
  $("#result").replaceChildren(
    h("h2", { id: "result-title", class: "unseen" }, "What the cells add up to"),
    h("p", { class: "iscn" }, result.iscn || "No karyotype yet"),
    h(
      "dl",
      {},
      fact("modal number", result.modal_number),
      fact("all cells together", together(result.findings)),
      fact("metaphases", whole.metaphases.length),
      fact(
        "to review",
        whole.metaphases.reduce((sum, { analysis }) => sum + (analysis?.review ?? 0), 0),
      ),
      fact("kind", whole.kind),
    ),
    ...(clones.length
      ? [
          h(
            "ul",
            {},
            clones.map((clone) =>
              h(
                "li",
                {},
                h("span", { class: "iscn" }, clone.iscn),
                h("span", { class: "muted" }, ` ${clone.cells?.length ?? ""} cells`),
              ),
            ),
          ),
        ]
      : []),
    ...(result.warnings?.length
      ? [
          h(
            "ul",
            { class: "muted" },
            result.warnings.map((text) => h("li", {}, text)),
          ),
        ]
      : []),
  );
}

async function act(kind, question) {
  let note;
  if (question) {
    const given = await ask(
      question,
      h("label", { class: "field" }, "Note", h("input", { name: "note", autocomplete: "off", "data-first": true })),
      [["yes", "Do it"]],
    );
    if (!given) return;
    note = given.note;
  }
  try {
    if (await sign(whole, kind, note)) announce(`The case is ${WORDS[kind]}.`);
  } catch (error) {
    notify(error.message, "bad");
  }
  await load();
}

/** Ask for another name or kind, or put the case into the archive, which takes it off the list. */
async function change() {
  const closed = !["open", "reviewed"].includes(whole.state);
  const kinds = ["constitutional", "acquired"].map((kind) => h("option", { value: kind, selected: kind === whole.kind }, kind));
  const given = await ask(
    `Case ${whole.name}`,
    [
      closed ? h("p", { class: "muted" }, `The case is ${whole.state}: name and kind stay as they are.`) : null,
      h("label", { class: "field" }, "Name", h("input", { name: "name", value: whole.name, required: true, disabled: closed })),
      h("label", { class: "field" }, "Kind", h("select", { name: "kind", disabled: closed }, kinds)),
      h(
        "label",
        { class: "choice" },
        h("input", { type: "checkbox", name: "archived", checked: whole.archived }),
        "In the archive",
      ),
    ],
    [["yes", "Save"]],
  );
  if (!given) return;
  const wanted = { name: whole.name, kind: whole.kind, ...given, archived: Boolean(given.archived) };
  const changes = ["name", "kind", "archived"].filter((field) => wanted[field] !== whole[field]);
  if (!changes.length) return;
  try {
    await api.changeCase(whole, Object.fromEntries(changes.map((field) => [field, wanted[field]])));
  } catch (error) {
    notify(error.message, "bad");
  }
  await load();
}

function renderActions() {
  const signs = person.role === "approve";
  const edits = person.role !== "read";
  const button = (text, run, kind = "") => h("button", { type: "button", class: kind, onclick: run }, text);
  const doubtful = whole.metaphases.find(({ use, analysis }) => use === "karyogram" && analysis?.review);
  const exports = iconButton("export", "Export", () => openMenu(exports, ofCase(whole)), { words: true, "aria-haspopup": "true" });
  $("#actions").replaceChildren(
    ...[
      doubtful ? h("a", { class: "button", href: `/analyses/${doubtful.analysis.id}` }, "Review") : null,
      exports,
      edits ? button("Name, kind, archive…", change) : null,
      edits && whole.state === "open" ? button("Mark as reviewed", () => act("review")) : null,
      edits && ["reviewed", "approved"].includes(whole.state)
        ? button("Sign as second reader", () => act("second", "Sign as second reader?"))
        : null,
      signs && whole.state === "approved" ? button("Lock", () => act("lock")) : null,
      signs && whole.state !== "open" ? button("Reopen", () => act("reopen", "Reopen the case?")) : null,
      signs && ["open", "reviewed"].includes(whole.state) ? button("Approve", () => act("approve"), "primary") : null,
    ].filter(Boolean),
  );
}

const take = (files) => takeIn(files, { form: $("#upload-form"), list: $("#upload-list"), caseId: id, changed: load });

async function start() {
  const asked = api.me();
  showReader(asked);
  person = await asked;
  await load();
  watch(follow);
  onDrop($("#main"), take, window);
  onChoose($("#files"), take);
}

start().catch((error) => notify(error.message, "bad"));
