// Pictures on their way to the server: two at a time, each with its progress, patient when the queue there is full.

import * as api from "./api.js";
import { h } from "./dom.js";

const AT_ONCE = 2;
const PATIENCE = 20;

let under = 0; // how many pictures are on their way
window.addEventListener("beforeunload", (event) => under && event.preventDefault());

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** A line of the list: name, bar, words. */
export function line(list, name) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": name });
  const words = h("span", { class: "muted" }, "waiting");
  const item = h("li", {}, h("span", { class: "name", title: name }, name), bar, words);
  list.append(item);
  return {
    progress(value, text) {
      if (value === null) bar.removeAttribute("value");
      else bar.value = value;
      words.replaceChildren(text);
    },
    fail(reason) {
      bar.hidden = true;
      words.className = "bad";
      words.replaceChildren(reason);
    },
  };
}

async function send(file, fields, shown) {
  for (let tries = 0; ; tries++) {
    try {
      return await api.upload(file, fields, (part) => shown.progress(part, part < 1 ? "sending" : "checking"));
    } catch (error) {
      if (![429, 503].includes(error.status) || tries === PATIENCE) throw error;
      shown.progress(null, "the queue is full, waiting");
      await pause(error.retryAfter || 3);
    }
  }
}

/**
 * Send pictures. `fields()` tells the form fields of each (case, case_name, ...); `sent(answer, file)` hears of each that was
 * accepted. The first goes alone, so that one case is made and the others can join it.
 */
export async function sendAll(files, list, fields, sent) {
  const work = files.map(({ file, folder }) => ({ file, folder, shown: line(list, file.name) }));
  under += work.length;
  const one = async (job) => {
    try {
      const answer = await send(job.file, fields(job), job.shown);
      sent(answer, job);
      for (const { filename, reason } of answer.rejected) line(list, filename).fail(reason); // of a zip
    } catch (error) {
      job.shown.fail(error.message);
    }
    under -= 1;
  };
  const rest = work.slice();
  if (rest.length) await one(rest.shift());
  const lane = async () => {
    while (rest.length) await one(rest.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Follow analyses until all are read: `jobs` is a Map of analysis id to its line; one request a case and second. */
export async function follow(caseId, jobs, every = 1000) {
  while (jobs.size) {
    let metaphases = [];
    try {
      ({ metaphases } = await api.oneCase(caseId));
    } catch (error) {
      if (error.status < 500) throw error; // else the server is away, or busy: the pictures are there
    }
    for (const { analysis } of metaphases) {
      const shown = analysis && jobs.get(analysis.id);
      if (!shown) continue;
      if (analysis.state === "done") {
        shown.progress(
          1,
          h("a", { href: `/analyses/${analysis.id}` }, `open: ${analysis.iscn || `${analysis.count} chromosomes`}`),
        );
        jobs.delete(analysis.id);
      } else if (analysis.state === "failed") {
        shown.fail(analysis.error ?? "could not be read");
        jobs.delete(analysis.id);
      } else shown.progress(null, analysis.state === "queued" ? "waits to be read" : "is being read");
    }
    if (jobs.size) await pause(every / 1000);
  }
}
