// Signatures under a case. They say what was looked at; if something of it was changed meanwhile, the bench asks again.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { h, notify, when } from "./dom.js";
import { sawCase } from "./seen.js";

/** What actions are called. */
export const WORDS = {
  create: "made",
  add: "picture added",
  again: "a metaphase read again",
  change: "changed",
  review: "reviewed",
  approve: "approved",
  second: "signed as second reader",
  lock: "locked",
  reopen: "reopened",
  use: "use of a metaphase",
  rename: "renamed",
};

/** Say what others have done to a case. */
export function notifyOf(actions) {
  if (actions.length) notify(actions.map(({ user, kind }) => `${user}: ${WORDS[kind] ?? kind}`).join("; "));
}

/** Do something to a case. Resolves to the case afterwards, to null if the reader wants to look again first. */
export async function act(whole, kind, note) {
  try {
    return await api.act(whole, kind, note);
  } catch (error) {
    if (!error.body?.changed) throw error;
    const now = await api.oneCase(whole.id);
    if (!(await changed(error.body.changed, now))) return null;
    sawCase(now, true);
    return act(now, kind, note);
  }
}

function changed(cells, { metaphases }) {
  const line = ({ analysis, filename, by, at }) => {
    const { iscn } = metaphases.find((one) => one.analysis?.id === analysis)?.analysis ?? {};
    const who = by ? `changed by ${by}, ` : "read, ";
    return h("li", {}, h("a", { href: `/analyses/${analysis}` }, filename), `: ${who}`, when(at), iscn ? `, now ${iscn}` : "");
  };
  return ask(
    "Changed since you looked",
    [h("p", {}, "Nothing is signed yet. These cells are not as you saw them:"), h("ul", { class: "plain" }, cells.map(line))],
    [["sign", "Sign as it is now"]],
    { cancel: "Look again first" },
  );
}
