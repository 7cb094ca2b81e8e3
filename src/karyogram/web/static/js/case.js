// One case: its cells, what they add up to, what can be done with it, and who did what.

import * as api from "./api.js";
import { ask, openMenu } from "./dialogs.js";
import { $, announce, h, iconButton, notify, when } from "./dom.js";
import { onChoose, onDrop } from "./drops.js";
import { ofCase } from "./exports.js";
import { takeIn } from "./intake.js";
import { deedsOfOthers, isCurrent, watch } from "./live.js";
import { nameOf, showReader } from "./person.js";
import { isNews, sawCase } from "./seen.js";
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
  $("#state").textContent = whole.state;
  $(".crumbs").replaceChildren(h("a", { href: "/" }, "Cases"));
  renderResult();
  renderActions();
  $("#cells").replaceChildren(...whole.metaphases.map(cell));
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

function cell({ id: key, filename, use, counted_number: number, note, analysis }) {
  const done = analysis?.state === "done";
  const href = analysis ? `/analyses/${analysis.id}` : null;
  const view = h("img", { src: api.picture(key), alt: "", loading: "lazy" });
  const marks = [
    !analysis || done
      ? null
      : h(
          "span",
          { class: `mark ${analysis.state === "failed" ? "red" : "blue"}` },
          { queued: "waits to be read", running: "is being read", failed: "failed" }[analysis.state],
        ),
    use === "karyogram" ? null : h("span", { class: "mark red" }, use === "counted" ? `counted: ${number ?? "?"}` : "excluded"),
    done && analysis.review ? h("span", { class: "mark amber" }, `${analysis.review} to review`) : null,
    done && !analysis.review && use === "karyogram"
      ? h("span", { class: "mark green" }, analysis.version ? "looked at" : "nothing to review")
      : null,
    analysis && isNews(analysis) ? h("span", { class: "mark amber" }, "changed since you looked") : null,
    done && analysis.quality ? h("span", { class: "muted" }, `quality ${analysis.quality.toFixed(2)}`) : null,
  ];
  const chooser = h(
    "select",
    {
      "aria-label": `Use of ${filename}`,
      disabled: person.role === "read" || !["open", "reviewed"].includes(whole.state),
      onchange: ({ target }) => setUse(key, target.value, analysis),
    },
    ["karyogram", "counted", "excluded"].map((value) =>
      h(
        "option",
        { value, selected: value === use },
        { karyogram: "Karyogram", counted: "Count only", excluded: "Exclude" }[value],
      ),
    ),
  );
  return h(
    "li",
    { class: `cell ${use}` },
    href && done ? h("a", { class: "view", href, "aria-label": `Open ${filename}` }, view) : h("div", { class: "view" }, view),
    h(
      "div",
      { class: "about" },
      h("span", { class: "name", title: filename }, filename),
      h("span", { class: "iscn" }, done ? analysis.iscn || `${analysis.count} chromosomes` : ""),
      h("div", { class: "row" }, marks),
      analysis?.error ? h("p", { class: "bad" }, analysis.error) : null,
      note ? h("p", { class: "muted" }, note) : null,
      h(
        "div",
        { class: "row uses" },
        chooser,
        analysis?.state === "failed" ? h("button", { type: "button", onclick: () => again(analysis.id) }, "Read again") : null,
      ),
    ),
  );
}

async function setUse(key, use, analysis) {
  const fields = [
    use === "counted"
      ? h(
          "label",
          { class: "field" },
          "Chromosomes",
          h("input", { name: "number", type: "number", min: 1, max: 200, required: true, value: analysis?.count ?? 46 }),
        )
      : null,
    h("label", { class: "field" }, "Note", h("input", { name: "note", autocomplete: "off" })),
  ];
  const given = await ask("Use of the metaphase", fields, [["yes", "Save"]]);
  try {
    if (given)
      await api.use(key, {
        use,
        version: whole.version,
        ...(given.note ? { note: given.note } : {}),
        ...(use === "counted" ? { counted_number: Number(given.number) } : {}),
      });
  } catch (error) {
    notify(error.message, "bad");
  }
  await load();
}

async function again(analysis) {
  try {
    await api.again(analysis, {});
  } catch (error) {
    notify(error.message, "bad");
  }
  await load();
}

const take = (files) => takeIn(files, { form: $("#upload-form"), list: $("#upload-list"), caseId: id, changed: load });

async function start() {
  const asked = api.me();
  showReader(asked);
  person = await asked;
  await load();
  watch(follow);
  onDrop($("#main"), take);
  onChoose($("#files"), take);
}

start().catch((error) => notify(error.message, "bad"));
