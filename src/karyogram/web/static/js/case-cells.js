// One metaphase of a case: its picture, what was read, what it is used for.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { h, notify } from "./dom.js";
import { isNews } from "./seen.js";

/** The card of a metaphase of a case; `changed` hears when its use is another, or it is read again. */
export function card({ id: key, filename, use, counted_number: number, note, analysis }, { whole, person, changed }) {
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
      onchange: ({ target }) => setUse(key, target.value, analysis, whole).then(changed),
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
        analysis?.state === "failed"
          ? h("button", { type: "button", onclick: () => again(analysis.id).then(changed) }, "Read again")
          : null,
      ),
    ),
  );
}

async function setUse(key, use, analysis, { version }) {
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
        version,
        ...(given.note ? { note: given.note } : {}),
        ...(use === "counted" ? { counted_number: Number(given.number) } : {}),
      });
  } catch (error) {
    notify(error.message, "bad");
  }
}

async function again(analysis) {
  try {
    await api.again(analysis, {});
  } catch (error) {
    notify(error.message, "bad");
  }
}
