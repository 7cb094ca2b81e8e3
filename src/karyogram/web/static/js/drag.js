// A chromosome in the hand: it follows the pointer, the slot under it lights up and shows the place where it would stand, and the
// bench hears where it was let go.

import { paint } from "./cutout.js";
import { h } from "./dom.js";

const standing = (slot) => [...slot.querySelectorAll("[data-chromosome]")];

/** How many of the chromosomes in a slot, but for `own`, stand left of a place on the page. */
function placeAt(slot, own, x) {
  const middles = standing(slot)
    .filter((button) => button !== own)
    .map((button) => button.getBoundingClientRect())
    .map(({ left, right }) => (left + right) / 2);
  return middles.filter((middle) => middle < x).length;
}

/** The gap at a place in a slot: a chromosome beside it and the side; none in a tray, and where `own` stands already. */
function gapAt(slot, own, place) {
  const all = slot ? standing(slot) : [];
  if (!slot?.matches(".slot") || all.indexOf(own) === place) return [];
  const others = all.filter((button) => button !== own);
  return place < others.length ? [others[place], "before"] : [others.at(-1), "behind"];
}

/** Carry a chromosome from a pointer event until that pointer is let go. Escape puts it back. */
export function lift(bench, chromosome, event) {
  const canvas = h("canvas", { class: "ghost" });
  paint(canvas, bench.karyogram.picture, chromosome, bench.karyogram.scale);
  document.body.append(canvas);
  const own = bench.karyogram.buttons.get(chromosome.id)?.button;
  own?.classList.add("lifted");
  bench.state.hover(null);
  let over = null;

  const under = ({ clientX, clientY }) => document.elementFromPoint(clientX, clientY);
  const follow = (move) => {
    if (move.pointerId !== event.pointerId) return;
    canvas.style.left = `${move.clientX - canvas.offsetWidth / 2}px`;
    canvas.style.top = `${move.clientY - canvas.offsetHeight / 2}px`;
    const slot = under(move)?.closest("[data-slot]") ?? null;
    if (slot !== over) {
      over?.classList.remove("over");
      slot?.classList.add("over");
      over = slot;
    }
    bench.karyogram.showGap(...gapAt(slot, own, slot && placeAt(slot, own, move.clientX)));
  };
  const drop = (end) => {
    if (end.pointerId !== event.pointerId) return;
    const target = end.type === "pointerup" ? under(end) : null;
    finish();
    const slot = target?.closest("[data-slot]");
    const other = Number(target?.closest("[data-chromosome]")?.dataset.chromosome) || null;
    if (slot) bench.places.drop(chromosome.id, slot.dataset.slot, placeAt(slot, own, end.clientX), end.shiftKey ? other : null);
  };
  const leave = (key) => key.key === "Escape" && finish();
  const listeners = { pointermove: follow, pointerup: drop, pointercancel: drop, keydown: leave };
  const finish = () => {
    for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener, true);
    canvas.remove();
    over?.classList.remove("over");
    own?.classList.remove("lifted");
    bench.karyogram.showGap();
  };
  for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener, true);
  follow(event);
}
