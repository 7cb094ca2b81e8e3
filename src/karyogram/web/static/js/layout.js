// How the karyogram is laid out: one scale for all chromosomes, so that sizes compare, and one line for the centromeres of a row.

import { CENTROMERES, ROWS } from "./labels.js";
import { size } from "./cutout.js";

const [LEAST, MOST, STEP] = [0.5, 3.2, 0.05];
const [SLOT, SLOT_EDGE, SLOT_GAP, GROUP_GAP, NARROWEST] = [46, 2, 2, 12, 22];
const ROW_EDGE = 60;
const ASTRAY = 0.1;

/** Where a chromosome is held, 0 (short arm's end) to 1: its centromere, or where its class has it if that lies far off. */
export function heldAt({ label, centromere }) {
  if (!label) return 1;
  const usual = CENTROMERES[label];
  return centromere === null || centromere === undefined || Math.abs(centromere - usual) > ASTRAY ? usual : centromere;
}

/** How far, in pixels of the picture, chromosomes of a row reach above and below the line of their centromeres. */
export function reach(chromosomes) {
  const parts = chromosomes.map((one) => [size(one).height, heldAt(one)]);
  return {
    above: Math.max(0, ...parts.map(([height, held]) => height * held)),
    below: Math.max(0, ...parts.map(([height, held]) => height * (1 - held))),
  };
}

function rowWidth(row, placed, scale) {
  const slot = (label) => {
    const wide = (placed[label] ?? []).map((one) => Math.max(NARROWEST, size(one).width * scale) + 2);
    return Math.max(
      SLOT,
      wide.reduce((sum, width) => sum + width, SLOT_EDGE),
    );
  };
  const groups = row.map((labels) => labels.reduce((sum, label) => sum + slot(label) + SLOT_GAP, -SLOT_GAP));
  return groups.reduce((sum, width) => sum + width + GROUP_GAP, -GROUP_GAP);
}

/** The largest scale at which rows of `placed` ({label: chromosomes}) fit into width and height. */
export function fittingScale(placed, width, height) {
  const tall = ROWS.map((row) => reach(row.flat().flatMap((label) => placed[label] ?? [])));
  const stain = tall.reduce((sum, { above, below }) => sum + above + below, 0);
  for (let scale = MOST; scale > LEAST; scale -= STEP) {
    const fits = stain * scale + ROWS.length * ROW_EDGE <= height && ROWS.every((row) => rowWidth(row, placed, scale) <= width);
    if (fits) return scale;
  }
  return LEAST;
}
