// Who reads: shown on every page; on an open bench the name can be given, elsewhere one can log out.

import * as api from "./api.js";
import { ask, openMenu } from "./dialogs.js";
import { $, h } from "./dom.js";
import { reader, rename } from "./reader.js";
import { forget } from "./seen.js";

/** The name under which somebody's edits stand. */
export const nameOf = (who) => (who.open && reader()) || who.name;

/** Fill the button on top, once `person` (a promise of GET /me) is known. */
export async function showReader(person) {
  const button = $("#reader");
  const who = await person;
  const show = () => ($("#reader-name").textContent = nameOf(who));
  show();
  button.addEventListener("click", async () => {
    if (!who.open)
      return openMenu(
        button,
        h("h2", {}, `${who.name}, may ${who.role}`),
        h("button", { type: "button", onclick: leave }, "Log out"),
      );
    const given = await ask("Who reads?", [
      h("p", {}, "This bench is open to whoever sits at this machine. The name you give stands beside your edits."),
      h(
        "label",
        { class: "field" },
        "Name",
        h("input", { name: "name", value: reader(), autocomplete: "name", "data-first": true }),
      ),
    ]);
    if (!given) return undefined;
    if (given.name.trim() !== reader()) forget();
    rename(given.name);
    return show();
  });
}

async function leave() {
  await api.logout();
  forget();
  location.assign("/login");
}
