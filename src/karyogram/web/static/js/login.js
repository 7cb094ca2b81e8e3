// Name and password; afterwards back to where the reader came from.

import * as api from "./api.js";
import { $ } from "./dom.js";

$("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = Object.fromEntries(new FormData(event.target));
  try {
    await api.login(name, password);
    const next = new URLSearchParams(location.search).get("next") ?? "/";
    location.assign(/^\/(?![/\\])/.test(next) ? next : "/");
  } catch (error) {
    $("#reason").textContent = error.message;
  }
});
