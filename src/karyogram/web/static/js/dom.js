// Elements in one call each, and the two places that speak to people: the live line and the notices.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value === "boolean") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: `h("button", {class: "primary", onclick}, "Go")`. Text is text, never markup. */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** An icon of icons.svg; it says nothing, so its button needs a label. */
export function icon(name) {
  return s(
    "svg",
    { class: "icon", "aria-hidden": "true" },
    s("use", { href: `${new URL("../icons.svg", import.meta.url)}#${name}` }),
  );
}

/** A button with an icon, words that narrow screens leave out, and a name for screen readers. */
export function iconButton(name, label, onclick, { words = false, ...rest } = {}) {
  const shown = words ? h("span", { class: "wordy" }, words === true ? label : words) : null;
  return h(
    "button",
    { type: "button", title: label, "aria-label": label, class: words ? "" : "only-icon", onclick, ...rest },
    icon(name),
    shown,
  );
}

/** Say something to a screen reader, without moving anything. */
export function announce(text) {
  $("#live").textContent = text;
}

/** Show a notice in the corner: bad and lasting ones stay until closed. */
export function notify(text, kind = "") {
  const box = h(
    "p",
    { class: `notice ${kind}` },
    h("span", {}, text),
    iconButton("close", "Close this notice", () => box.remove(), { class: "quiet only-icon" }),
  );
  $("#notices").append(box);
  if (!["bad", "lasting"].includes(kind)) setTimeout(() => box.remove(), 6000);
  return box;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });

/** A date of the API, in the reader's own way. */
export function when(text) {
  return text ? h("time", { datetime: text }, CLOCK.format(new Date(text))) : "";
}
