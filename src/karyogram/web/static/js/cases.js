// The list of cases: searched and paged by the server, so that 5 and 5,000 cost the same.

import * as api from "./api.js";
import { $, announce, h, notify, when } from "./dom.js";
import { onChoose, onDrop } from "./drops.js";
import { takeIn } from "./intake.js";
import { showReader } from "./person.js";
import { singles } from "./single.js";
import { packTraining, resumeTraining } from "./training.js";

const PER_PAGE = 50;
const TYPED = 180;
const AGAIN = 2000;
const COLOURS = { open: "", reviewed: "blue", approved: "green", locked: "green" };

const filters = new URLSearchParams(location.search);
const page = () => Number(filters.get("page")) || 1;
let asked = 0;
let timer;

function change(values) {
  for (const [name, value] of Object.entries(values)) value ? filters.set(name, value) : filters.delete(name);
  history.replaceState(null, "", `?${filters}`);
  return show();
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
  $("#pager").replaceChildren(
    h(
      "span",
      { class: "muted" },
      total ? `${(page() - 1) * PER_PAGE + 1} to ${Math.min(total, page() * PER_PAGE)} of ${total}` : "",
    ),
    ...(pages > 1 ? [go(page() - 1, "Previous"), go(page() + 1, "Next")] : []),
  );
}

async function show() {
  clearTimeout(timer);
  const turn = ++asked;
  try {
    const { items, total } = await api.cases({
      query: filters.get("query") ?? "",
      state: filters.get("state") ?? "",
      page: page(),
      per_page: PER_PAGE,
    });
    if (turn !== asked) return;
    $("#rows").replaceChildren(...items.map(row));
    $(".wide").hidden = !items.length;
    $("#empty").hidden = items.length > 0;
    $("#empty").textContent = filters.size ? "No case fits." : "No case yet. Drop a metaphase above, and it is read.";
    pager(total);
    if (items.some((one) => one.queued || one.running)) timer = setTimeout(show, AGAIN);
  } catch (error) {
    notify(error.message, "bad");
  }
}

function take(files) {
  $("#uploads").hidden = false;
  takeIn(files, { form: $("#upload-form"), list: $("#upload-list"), changed: show });
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
onDrop($("#drop-metaphases"), take);
onChoose($("#files"), take);
onChoose($("#folder"), take);
const person = api.me();
showReader(person);
show();
training().catch((error) => notify(error.message, "bad"));
singles().catch((error) => notify(error.message, "bad"));
