// The list of cases: searched and paged by the server, so that 5 and 5,000 cost the same, and live while it is in sight.

import * as api from "./api.js";
import { $, announce, h, notify, when } from "./dom.js";
import { onChoose, onDrop } from "./drops.js";
import { takeIn } from "./intake.js";
import { watch } from "./live.js";
import { showReader } from "./person.js";
import { singles } from "./single.js";
import { packTraining, resumeTraining } from "./training.js";

const PER_PAGE = 50;
const TYPED = 180;
const RESTING = 3000;
const ARCHIVE = "archive"; // among the states, though a case has one beside it
const COLOURS = { open: "", reviewed: "blue", approved: "green", locked: "green" };

const filters = new URLSearchParams(location.search);
const page = () => Number(filters.get("page")) || 1;
let asked = 0;
let rows = new Map(); // what the table shows: {one, said, line} by case
let tag = "";
let moved = -Infinity; // when the pointer last moved over the rows

function change(values) {
  for (const [name, value] of Object.entries(values)) value ? filters.set(name, value) : filters.delete(name);
  history.replaceState(null, "", `?${filters}`);
  return showAnew();
}

function row(one) {
  const waiting = (one.queued ?? 0) + (one.running ?? 0);
  const reading = waiting ? h("span", { class: "mark blue" }, `reading ${one.done ?? 0} of ${one.metaphases}`) : null;
  const failed = one.failed ? h("span", { class: "mark red" }, `${one.failed} failed`) : null;
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: `/cases/${one.id}` }, one.name)),
    h("td", {}, h("span", { class: `mark ${COLOURS[one.state] ?? ""}` }, one.state), " ", reading, failed),
    h("td", { class: "iscn" }, one.iscn ?? ""),
    h("td", { class: "number" }, one.metaphases),
    h(
      "td",
      { class: "number" },
      one.to_review ? h("span", { class: "mark amber" }, one.to_review) : h("span", { class: "muted" }, "0"),
    ),
    h("td", { class: "muted" }, when(one.updated)),
  );
}

function pager(total) {
  const pages = Math.max(1, Math.ceil(total / PER_PAGE));
  const go = (to, text) =>
    h("button", { type: "button", disabled: to < 1 || to > pages, onclick: () => change({ page: to > 1 ? to : "" }) }, text);
  const kept = document.activeElement.closest("#pager button")?.textContent;
  $("#pager").replaceChildren(
    h(
      "span",
      { class: "muted" },
      total ? `${(page() - 1) * PER_PAGE + 1} to ${Math.min(total, page() * PER_PAGE)} of ${total}` : "",
    ),
    ...(pages > 1 ? [go(page() - 1, "Previous"), go(page() + 1, "Next")] : []),
  );
  if (kept) [...$("#pager").querySelectorAll("button")].find(({ textContent }) => textContent === kept)?.focus();
}

/** Bring the table in line with a list. Rows that say the same stay the elements they are, and the focus stays in its row. */
function fill(list) {
  const body = $("#rows");
  const focused = [...rows.values()].find(({ line }) => line.contains(document.activeElement));
  const next = new Map();
  for (const one of list) {
    const [said, old] = [JSON.stringify(one), rows.get(one.id)];
    next.set(one.id, old?.said === said ? old : { one, said, line: row(one) });
  }
  for (const [id, { line }] of rows) if (next.get(id)?.line !== line) line.remove();
  [...next.values()].forEach(({ line }, at) => line === body.children[at] || body.insertBefore(line, body.children[at] ?? null));
  rows = next;
  if (focused && !body.contains(document.activeElement))
    next.get(focused.one.id)?.line.querySelector("a").focus({ preventScroll: true });
}

/** Ask for the list and show what has changed; while the pointer moves over the rows, none of them moves away under it. */
async function show() {
  const turn = ++asked;
  const state = filters.get("state") ?? "";
  const which = state === ARCHIVE ? { archived: true } : { state };
  const wanted = { query: filters.get("query") ?? "", ...which, page: page(), per_page: PER_PAGE };
  const list = await api.cases(wanted, tag);
  if (!list || turn !== asked) return;
  const { items, total } = list;
  const aimed = performance.now() - moved < RESTING;
  const now = new Map(items.map((one) => [one.id, one]));
  fill(aimed ? [...rows.values()].map(({ one }) => now.get(one.id) ?? one) : items);
  tag = aimed ? "" : list.tag;
  $(".wide").hidden = !rows.size;
  $("#empty").hidden = rows.size > 0;
  $("#empty").textContent = filters.size ? "No case fits." : "No case yet. Drop a metaphase above, and it is read.";
  pager(total);
}

/** Show the list now, whatever is under the pointer. */
async function showAnew() {
  [tag, moved] = ["", -Infinity];
  try {
    await show();
  } catch (error) {
    notify(error.message, "bad");
  }
}

function take(files) {
  $("#uploads").hidden = false;
  takeIn(files, { form: $("#upload-form"), list: $("#upload-list"), changed: showAnew });
}

/** Training data are for those who may edit. */
async function training() {
  const [button, list] = [$("#training"), $("#packed")];
  if ((await person).role === "read") return;
  button.hidden = false;
  button.addEventListener("click", () => packTraining(list).catch((error) => notify(error.message, "bad")));
  await resumeTraining(list);
}

$("#query").value = filters.get("query") ?? "";
$("#state").value = filters.get("state") ?? "";
let typing;
$("#query").addEventListener("input", ({ target }) => {
  clearTimeout(typing);
  typing = setTimeout(() => change({ query: target.value, page: "" }).then(() => announce($("#pager").textContent)), TYPED);
});
$("#state").addEventListener("change", ({ target }) => change({ state: target.value, page: "" }));
$("#filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  $("#query").focus();
});
onDrop($("#drop-metaphases"), take, window);
onChoose($("#files"), take);
onChoose($("#folder"), take);
const person = api.me();
showReader(person);
$("#rows").addEventListener("pointermove", () => (moved = performance.now()));
showAnew().then(() => watch(show));
training().catch((error) => notify(error.message, "bad"));
singles().catch((error) => notify(error.message, "bad"));
