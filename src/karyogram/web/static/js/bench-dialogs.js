// What the bench asks and tells: classes, odd cells, use of a metaphase, rearrangements, signing, conflicts, history, keys.

import * as api from "./api.js";
import { ask, tell } from "./dialogs.js";
import { announce, h, notify, when } from "./dom.js";
import { counted, inWords } from "./edits.js";
import { KEYS } from "./keys.js";
import { LABELS, ROWS, expected } from "./labels.js";
import { guesses } from "./panel.js";

/** Resolves to a label, to null for "without a place", to undefined if the reader thought better of it. */
export async function palette({ state }) {
  const one = state.first;
  const likely = new Map(guesses(one).slice(0, 3));
  const key = (label) =>
    h(
      "button",
      {
        value: label,
        type: "submit",
        class: likely.has(label) ? "likely" : "",
        "data-first": label === (one.label ?? [...likely.keys()][0]),
        title: likely.has(label) ? `probability ${likely.get(label).toFixed(2)}` : "",
      },
      label,
    );
  const given = await ask(
    `Class of chromosome ${one.id}`,
    h("div", { class: "palette" }, LABELS.map(key), h("button", { value: "none", type: "submit", class: "rest" }, "No place")),
    [],
  );
  return given ? (given.answer === "none" ? null : given.answer) : undefined;
}

/** What is odd about the cell; resolves to whether it may be approved. */
export async function odd({ state }) {
  const { chromosomes } = state.now;
  const counts = counted(chromosomes);
  const unplaced = chromosomes.filter(({ label }) => !label).length;
  const doubts = state.doubts.length - unplaced;
  const off = ROWS.flat(2)
    .filter((label) => (counts[label] ?? 0) !== expected(label, counts))
    .map((label) => `${counts[label] ?? 0} of class ${label}`);
  const odds = [
    unplaced ? `${unplaced} without a place` : "",
    doubts ? `${doubts} marked for review` : "",
    off.length ? off.join(", ") : "",
  ].filter(Boolean);
  if (!odds.length) return true;
  return Boolean(
    await ask(
      "Approve this cell?",
      [
        h("p", {}, "It differs from a plain normal cell:"),
        h(
          "ul",
          { class: "plain" },
          odds.map((text) => h("li", {}, text)),
        ),
      ],
      [["yes", "Approve"]],
    ),
  );
}

/** Ask what becomes of a metaphase, and tell the server; resolves to whether it was done. */
export async function use({ state, whole }, kind) {
  const count = state.now.chromosomes.length;
  const titles = {
    excluded: "Exclude this metaphase?",
    counted: "Count this metaphase, without a karyogram?",
    karyogram: "Take this metaphase for a karyogram again?",
  };
  const number = h(
    "label",
    { class: "field" },
    "Chromosomes",
    h("input", { name: "number", type: "number", min: 1, max: 200, value: count, required: true, "data-first": true }),
  );
  const note = h(
    "label",
    { class: "field" },
    "Note",
    h("input", { name: "note", autocomplete: "off", placeholder: "such as: overspread" }),
  );
  const given = await ask(
    titles[kind],
    [kind === "counted" ? number : null, note],
    [["yes", { excluded: "Exclude", counted: "Count only", karyogram: "Take it" }[kind]]],
  );
  if (!given) return false;
  const { metaphase } = state.analysis;
  try {
    await api.use(metaphase, {
      use: kind,
      version: whole.version,
      ...(given.note ? { note: given.note } : {}),
      ...(kind === "counted" ? { counted_number: Number(given.number) } : {}),
    });
    announce("Done.");
    return true;
  } catch (error) {
    notify(error.message, "bad");
    return false;
  }
}

/** All cells are read: offer to sign the case. */
export async function sign(bench) {
  const { whole, person } = bench;
  const may = person.role === "approve";
  const { result } = whole;
  const text = [
    h("p", {}, "No cell of this case is left to look at."),
    result.iscn ? h("p", {}, h("output", {}, result.iscn)) : null,
  ];
  const choices = may
    ? [
        ["approve", "Approve the case"],
        ["review", "Mark as reviewed"],
      ]
    : [["review", "Mark as reviewed"]];
  const given = await ask(`Sign ${whole.name}?`, text, choices, { cancel: "Later" });
  if (given) await bench.act(given.answer);
}

/** Someone else was faster: say who and when, and let the reader decide about what is not saved. */
export async function conflict(bench, error) {
  const mine = bench.state.ownEdits.map(({ edits }) => edits.map(inWords).join(", "));
  const text = [
    error.body.by ? h("p", {}, `${error.body.by} changed it: `, when(error.body.at), ".") : h("p", {}, error.message),
    h("p", {}, mine.length ? "Not saved yet, and not lost:" : "No edit of yours waits. An undo or redo was not done: look again."),
    h(
      "ul",
      { class: "plain" },
      mine.map((words) => h("li", {}, words)),
    ),
  ];
  const given = await ask(
    "Someone else changed this cell",
    text,
    [
      ["keep", "Do mine on top of theirs"],
      ["drop", "Take theirs, drop mine"],
    ],
    { cancel: "Decide later" },
  );
  if (given) await bench.state.resolve(given.answer === "keep");
}

/** The last edit is somebody else's; resolves to whether it is to be taken back. */
export const undoTheirs = (by) => ask(`Undo what ${by} has done?`, h("p", {}, "The last edit is not yours."), [["yes", "Undo it"]]);

/** Ask for the rearrangements that are seen in the cell; resolves to terms as ISCN writes them, to null without an answer. */
export async function structure({ state }) {
  const told = state.analysis.structural;
  const given = await ask(
    "Rearrangements in this cell",
    [
      h("p", {}, "As ISCN writes them, parted by blanks, such as t(9;22)(q34;q11.2) or +mar. Nothing: looked, and found none."),
      h(
        "label",
        { class: "field" },
        "Terms",
        h("input", { name: "terms", value: (told ?? []).join(" "), autocomplete: "off", spellcheck: "false", "data-first": true }),
      ),
    ],
    [["yes", "Save"]],
  );
  return given && given.terms.split(/[\s,]+/).filter(Boolean);
}

export async function history({ state }) {
  try {
    const answer = await api.history(state.id);
    const rows = answer.items.toReversed();
    const list = rows.map((row) =>
      h(
        "li",
        { class: row.undone ? "undone" : "" },
        when(row.at),
        h("span", {}, row.user),
        h("span", {}, inWords({ ...row.body, kind: row.kind })),
      ),
    );
    await tell(
      "Edits of this cell",
      rows.length
        ? h("ol", { class: "history" }, list)
        : h("p", { class: "muted" }, "No edit yet: this is what the machine read."),
      true,
    );
  } catch (error) {
    notify(error.message, "bad");
  }
}

export function help() {
  const groups = Map.groupBy(KEYS, ([group]) => group);
  const line = ([, key, words]) =>
    h(
      "div",
      {},
      h(
        "dt",
        {},
        key.split("  ").map((part) => [h("kbd", {}, part), " "]),
      ),
      h("dd", {}, words),
    );
  const keys = [...groups].map(([group, rows]) => [h("h3", {}, group), h("dl", {}, rows.map(line))]);
  return tell("Keys", h("div", { class: "keys-table" }, keys), true);
}
