// Dialogs and menus. Both are the browser's own (dialog, popover): Escape closes, focus stays in and comes back.

import { h } from "./dom.js";

/** Ask: resolves to the form's values when the first button is pressed, to null otherwise. `choices`: [value, text]. */
export function ask(title, content, choices = [["ok", "OK"]], { wide = false, cancel = "Cancel" } = {}) {
  return new Promise((resolve) => {
    const buttons = choices.map(([value, text], i) => h("button", { value, class: i ? "" : "primary", type: "submit" }, text));
    const stop = cancel ? h("button", { type: "button", onclick: () => dialog.close("") }, cancel) : null;
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      content,
      h("div", { class: "buttons" }, stop, ...buttons.reverse()),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", class: wide ? "wide-dialog" : "" }, form);
    dialog.addEventListener("close", () => {
      const values = Object.fromEntries(new FormData(form));
      dialog.remove();
      resolve(dialog.returnValue ? { answer: dialog.returnValue, ...values } : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[data-first]") ?? dialog.querySelector("button.primary"))?.focus();
  });
}

/** Show something to read, with one button to close it. */
export const tell = (title, content, wide = false) => ask(title, content, [["ok", "Close"]], { wide, cancel: null });

/** Open a menu below a button. What is fetched from it closes it. */
export function openMenu(button, ...content) {
  const menu = h("div", { class: "menu", popover: "auto" }, content);
  menu.addEventListener("click", ({ target }) => target.closest("a[download]") && menu.hidePopover());
  button.after(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.remove();
    button.focus();
  });
  menu.showPopover();
  const box = button.getBoundingClientRect();
  menu.style.top = `${Math.min(box.bottom + 4, window.innerHeight - menu.offsetHeight - 8)}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - menu.offsetWidth - 8))}px`;
  menu.querySelector("a, button, input")?.focus();
  return menu;
}
