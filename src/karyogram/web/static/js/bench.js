// The bench opens: it waits until the metaphase is read, fetches state, photograph and case at once, and joins the parts.

import * as api from "./api.js";
import { BenchState } from "./bench-state.js";
import { Bench } from "./deeds.js";
import { $, h, iconButton } from "./dom.js";
import { showReader } from "./person.js";

const POLL = 700;

async function ready(state) {
  for (;;) {
    const { state: now, error } = await state.load();
    if (now === "done") return true;
    if (now === "failed") {
      $("#panel").replaceChildren(h("p", { class: "bad" }, `The metaphase could not be read: ${error ?? "no reason given"}.`));
      return false;
    }
    $("#panel").replaceChildren(
      h("p", { class: "muted" }, now === "queued" ? "The metaphase waits to be read." : "The metaphase is being read."),
    );
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

async function fetchPicture(metaphase) {
  const picture = new Image();
  picture.src = api.picture(metaphase);
  await picture.decode();
  return picture;
}

async function start() {
  const state = new BenchState(Number(document.body.dataset.key));
  const person = api.me();
  showReader(person);
  if (!(await ready(state))) return;
  const bench = new Bench(state);
  const { metaphase, case: key } = state.analysis;
  const [picture, whole, who] = await Promise.all([fetchPicture(metaphase), api.oneCase(key), person]);
  bench.open(picture, who, whole);
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault()); // no file here
  window.addEventListener("beforeunload", (event) => state.unsaved && event.preventDefault());
}

start().catch((error) => {
  $("#main").setAttribute("aria-busy", "false");
  $("#panel").replaceChildren(
    h("p", { class: "bad" }, error.message),
    iconButton("next", "Try again", () => location.reload(), { words: true }),
  );
});
