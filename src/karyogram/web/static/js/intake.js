// From dropped files to cases: how they are grouped is asked in one line, then they are sent and followed.

import { caseName } from "./drops.js";
import { h, notify } from "./dom.js";
import { follow, sendAll } from "./upload.js";

/** Ask how several pictures belong together; resolves to a function from a picture to the name of its case. */
function grouping(form, files) {
  if (files.length === 1 && !files[0].folder) return Promise.resolve(() => caseName(files));
  const folders = new Set(files.map(({ folder }) => folder));
  const options = [
    ["one", "one case"],
    ...(folders.size > 1 ? [["folder", `a case a folder (${folders.size})`]] : []),
    ["each", "a case each"],
  ];
  const first = folders.size > 1 ? "folder" : "one";
  return new Promise((resolve) => {
    const name = h("input", { name: "name", value: caseName(files), required: true, "aria-label": "Name of the case" });
    form.hidden = false;
    form.replaceChildren(
      h("strong", {}, `${files.length} pictures are`),
      ...options.map(([value, text]) =>
        h("label", { class: "choice" }, h("input", { type: "radio", name: "how", value, checked: value === first }), text),
      ),
      h("label", { class: "field inline" }, "named", name),
      h("button", { class: "primary", type: "submit" }, "Read them"),
    );
    form.onchange = () => (name.disabled = new FormData(form).get("how") !== "one");
    form.onchange();
    form.onsubmit = (event) => {
      event.preventDefault();
      const how = new FormData(form).get("how");
      const title = name.value.trim();
      form.hidden = true;
      resolve({ one: () => title, folder: ({ folder }) => folder || title, each: ({ file }) => caseName([{ file }]) }[how]);
    };
    form.querySelector("button").focus();
  });
}

/** What a form asks about: files dropped before the reader has answered are asked about together, so that none gets lost. */
const open = new WeakMap();

/** Take files in: `list` shows them, `caseId` adds them to a case that is there, `changed()` hears of every new case. */
export async function takeIn(files, { form, list, caseId = null, changed = () => {} }) {
  if (!files.length) return notify("There is no picture in this.", "bad");
  const all = [...(open.get(form) ?? []), ...files];
  open.set(form, all);
  const nameOf = caseId ? null : await grouping(form, all);
  open.delete(form);
  const cases = new Map();
  const following = new Map();
  const fields = (job) => {
    if (caseId) return { case: caseId };
    const name = nameOf(job);
    return cases.has(name) ? { case: cases.get(name) } : { case_name: name };
  };
  const sent = (answer, job) => {
    const key = answer.case;
    if (!caseId && !cases.has(nameOf(job))) cases.set(nameOf(job), key);
    const known = following.get(key) ?? new Map();
    for (const { id } of answer.analyses) known.set(id, job.shown);
    job.shown.progress(null, "waits to be read");
    if (!following.has(key)) {
      following.set(key, known);
      changed();
      follow(key, known)
        .then(() => (following.delete(key), changed()))
        .catch((error) => notify(error.message, "bad"));
    }
  };
  return sendAll(all, list, fields, sent);
}
