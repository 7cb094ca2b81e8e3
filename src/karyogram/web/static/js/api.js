// The API, one function a resource. Errors are ApiError: a status, a code, a reason that can be shown.

import { reader } from "./reader.js";
import { seen } from "./seen.js";

export const BASE = "/api/v1";

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.reason ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.error?.code ?? "";
    this.body = body ?? {};
  }
}

let known;
/** Who reads: {name, role, csrf, open}. Asked once a session. */
export const me = () => (known ??= request("GET", "/me"));

let holds = () => false;
/** Let the page stay when the session ends, as long as `asked()`: leaving it would lose something. */
export const holdWhile = (asked) => (holds = asked);

async function headers(method, extra) {
  const all = { Accept: "application/json", ...extra };
  if (reader()) all["X-Reader"] = encodeURIComponent(reader());
  if (method !== "GET") {
    const { csrf } = await me();
    if (csrf) all["X-CSRF-Token"] = csrf;
  }
  return all;
}

async function send(method, path, body, extra = {}) {
  const json = body !== undefined && !(body instanceof FormData);
  return fetch(BASE + path, {
    method,
    headers: await headers(method, json ? { "Content-Type": "application/json", ...extra } : extra),
    body: json ? JSON.stringify(body) : body,
  });
}

async function request(...asked) {
  try {
    return await once(...asked);
  } catch (error) {
    if (error.body?.error?.field !== "X-CSRF-Token") throw error;
    known = undefined; // the reader has logged in anew in another tab
    return once(...asked);
  }
}

async function once(...asked) {
  const response = await send(...asked);
  return answer(response.status, await response.text());
}

function answer(status, text) {
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = null;
  }
  if (status === 401) {
    known = undefined;
    if (location.pathname !== "/login" && !holds()) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  }
  if (status >= 400) throw new ApiError(status, body);
  return body;
}

const query = (values) =>
  new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined)).toString();

/** A page of the list of cases with its `tag`; null if that with the tag given is still the same. */
export async function cases(filters, tag) {
  const response = await send("GET", `/cases?${query(filters)}`, undefined, tag ? { "If-None-Match": tag } : {});
  if (response.status === 304) return null;
  return { ...answer(response.status, await response.text()), tag: response.headers.get("ETag") };
}
export const oneCase = (id) => request("GET", `/cases/${id}`);
/** Change name, kind or archived of a case. Returns the case. */
export const changeCase = ({ id, version }, changes) => request("PATCH", `/cases/${id}`, { version, ...changes });
export const versions = (id) => request("GET", `/cases/${id}/versions`);
/** Sign or reopen a case as it was seen: its version, and those of its analyses. Returns the case. */
export const act = (whole, kind, note = "") =>
  request("POST", `/cases/${whole.id}/actions`, { kind, version: whole.version, note, seen: seen(whole) });
export const analysis = (id) => request("GET", `/analyses/${id}`);
export const again = (id, choice) => request("POST", `/analyses/${id}/again`, choice);
export const edit = (id, version, edits) => request("POST", `/analyses/${id}/edits`, { version, edits });
export const step = (id, way, version) => request("POST", `/analyses/${id}/${way}`, { version });
export const history = (id) => request("GET", `/analyses/${id}/edits`);
export const segment = (id, [x, y]) => request("GET", `/analyses/${id}/segment?${query({ x: x.toFixed(1), y: y.toFixed(1) })}`);
export const use = (id, body) => request("POST", `/metaphases/${id}/use`, body);
export const packTraining = (wanted) => request("POST", "/export/training", wanted);
export const training = (id) => request("GET", `/export/training/${id}`);
export const models = () => request("GET", "/models");
export async function login(name, password) {
  const response = await fetch(`${BASE}/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, password }),
  });
  return answer(response.status, await response.text());
}
export const logout = () => request("POST", "/logout", {});

export const picture = (metaphase) => `${BASE}/metaphases/${metaphase}/picture?dark=1`;
export const ideogram = (label, level) => `${BASE}/bands/${label}.svg?level=${level}`;
export const template = (label) => `${BASE}/templates/${label}.png`;
export const exported = (id, wanted) => `${BASE}/analyses/${id}/export?${query(wanted)}`;
export const caseExported = (id, wanted) => `${BASE}/cases/${id}/export?${query(wanted)}`;
export const audit = (id) => `${BASE}/cases/${id}/audit.csv`;

/** A file of the server, as {blob, name}: the name is the one that it is to be saved under. */
export async function file(href) {
  const response = await fetch(href, { headers: await headers("GET", {}) });
  if (!response.ok) return answer(response.status, await response.text());
  const said = response.headers.get("Content-Disposition") ?? "";
  const coded = /filename\*=UTF-8''([^;]+)/.exec(said)?.[1];
  const name = coded ? decodeURIComponent(coded) : (/filename="?([^";]+)/.exec(said)?.[1] ?? "");
  return { blob: await response.blob(), name };
}

/** A key that makes a POST safe to send again. */
const idempotency = () =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");

/** One chromosome's class. */
export function classify(file, model) {
  const form = new FormData();
  form.append("image", file);
  if (model) form.append("model", model);
  return request("POST", "/classify", form);
}

/** Send one picture and tell how far it is, 0 to 1 (fetch cannot). Resolves to the API's answer. */
export async function upload(file, fields, progress) {
  const form = new FormData();
  form.append("image", file, file.name);
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  const all = await headers("POST", { "Idempotency-Key": idempotency() });
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", `${BASE}/analyses`);
    for (const [name, value] of Object.entries(all)) call.setRequestHeader(name, value);
    call.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    call.addEventListener("error", () => reject(new TypeError("The server cannot be reached.")));
    call.addEventListener("load", () => {
      try {
        resolve(answer(call.status, call.responseText));
      } catch (error) {
        error.retryAfter = Number(call.getResponseHeader("Retry-After")) || 0;
        reject(error);
      }
    });
    call.send(form);
  });
}
