// Signed cells as training data: asked for in a dialog, packed by a worker, fetched when they are done.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { announce, h } from "./dom.js";
import { line } from "./upload.js";

const EVERY = 1000;
const KEY = "karyogram-exports";
const LAYOUTS = [
  ["voc", "VOC boxes", "metaphases with boxes, for karyogram train"],
  ["classes", "Class folders", "upright chromosomes, for karyogram train"],
  ["coco", "COCO masks", "metaphases with outlines, for other tools"],
];

/** The exports that this tab waits for, or can fetch; the server keeps a file for a day. */
const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
const keep = (numbers) => sessionStorage.setItem(KEY, JSON.stringify(numbers));

const layout = ([value, name, use], i) =>
  h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "layout", value, checked: !i, "data-first": !i }),
    h("span", {}, name, h("span", { class: "muted" }, `: ${use}`)),
  );

/** Ask how the data are wanted, and have them packed; progress and file show in `list`. */
export async function packTraining(list) {
  const wanted = await ask(
    "Training data",
    [
      h("p", {}, "The corrected cells of signed cases. Names of cases and files stay here."),
      h("fieldset", {}, h("legend", {}, "Layout"), LAYOUTS.map(layout)),
      h(
        "label",
        { class: "field" },
        "Cases",
        h(
          "select",
          { name: "state" },
          h("option", { value: "approved" }, "approved or locked"),
          h("option", { value: "reviewed" }, "reviewed, approved or locked"),
        ),
      ),
    ],
    [["pack", "Pack"]],
  );
  if (!wanted) return;
  const { id } = await api.packTraining({ layout: wanted.layout, state: wanted.state });
  keep([...kept(), id]);
  await follow(id, list);
}

/** Show again what was asked for before the page was loaded. */
export const resumeTraining = (list) => Promise.all(kept().map((id) => follow(id, list)));

async function follow(id, list) {
  list.hidden = false;
  const shown = line(list, `Training data ${id}`);
  for (;;) {
    let now;
    try {
      now = await api.training(id);
    } catch (error) {
      now = { state: "failed", error: error.message };
    }
    const { state, error, file, layout: name, cells, packed, progress } = now;
    if (file) {
      shown.progress(1, h("a", { href: file, download: "" }, `training-${name}.zip, ${cells} cells`));
      return announce("Training data are packed.");
    }
    if (!["queued", "running"].includes(state)) {
      keep(kept().filter((one) => one !== id));
      return shown.fail(error || "is kept no longer");
    }
    shown.progress(state === "queued" ? null : progress, state === "queued" ? "waits" : `${packed} of ${cells} cells`);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}
