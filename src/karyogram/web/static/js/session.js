// A session that ends while something is not saved: the page stays, says so, and goes on once the reader has logged in elsewhere.

import { holdWhile } from "./api.js";
import { h, notify } from "./dom.js";

export function outlive(state) {
  let told = null;
  holdWhile(() => state.unsaved);
  state.on("saving", () => {
    if (state.trouble === "logged out") told ??= notify(["The session has ended. What is not saved stays here. ", way()], "bad");
    else {
      told?.remove();
      told = null;
    }
  });
}

const way = () => h("a", { href: "/login", target: "_blank" }, "Log in again");
