// One chromosome dropped: its class, how sure that is, the runner-up, and the model that said so.

import * as api from "./api.js";
import { $, h } from "./dom.js";
import { onChoose, onDrop } from "./drops.js";

const percent = (value) => `${(100 * value).toFixed(1)} %`;

async function show(file) {
  const place = $("#single-result");
  place.replaceChildren(h("p", { class: "muted" }, "Looking…"));
  const url = URL.createObjectURL(file);
  const view = h("img", {
    src: url,
    alt: "The picture",
    onload: () => URL.revokeObjectURL(url),
    onerror: ({ target }) => target.remove(),
  });
  try {
    const told = await api.classify(file, $("#single-model").value);
    const review = [told.review ?? []].flat().filter(Boolean);
    place.replaceChildren(
      h(
        "div",
        { class: "single" },
        view,
        h("span", { class: "class" }, told.label ? `Class ${told.label}` : "No class"),
        h("span", {}, `probability ${percent(told.probability)}`),
        h("span", {}, `then ${told.second_label}, ${percent(told.second_probability)}`),
        h("span", { class: "muted" }, `${told.flipped ? "short arm down, " : ""}model ${told.model.name}`),
        h(
          "span",
          { class: "row" },
          review.map((reason) => h("span", { class: "mark amber" }, reason)),
        ),
      ),
    );
  } catch (error) {
    place.replaceChildren(h("p", { class: "bad" }, error.message));
  }
}

export async function singles() {
  onDrop($("#drop-single"), (files) => files[0] && show(files[0].file));
  onChoose($("#single"), (files) => files[0] && show(files[0].file));
  const models = (await api.models()).filter(({ kind }) => kind === undefined || kind === "classifier");
  $("#single-model").append(...models.map((model) => h("option", { value: model.name, selected: model.default }, model.name)));
}
