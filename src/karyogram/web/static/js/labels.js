// The 24 classes, as the page was told them: rows, groups, centromeres, colours.

const facts = JSON.parse(document.getElementById("facts").textContent);

export const { rows: ROWS, centromeres: CENTROMERES, groups: GROUPS, colours: COLOURS } = facts.classes;
export const FORMATS = facts.formats;
export const LEVELS = facts.levels;
export const LABELS = ROWS.flat(2);

/** How many copies of a class a cell should hold, given all counts: two, but the sex chromosomes make two together. */
export function expected(label, counts) {
  if (label !== "X" && label !== "Y") return 2;
  return label === "Y" ? (counts.Y ? 1 : 0) : counts.Y ? 1 : 2;
}
