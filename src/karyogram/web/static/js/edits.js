// What an edit does to the state, as far as that can be known without the server: shown at once, and replaced by the server's
// answer. Cuts, joins and outlines need the pipeline, so they change nothing here. States are never changed, only followed.

const agreed = { review: [], probability: 1 };

const each = (state, ids, change) => ({
  ...state,
  chromosomes: state.chromosomes.map((one) => (ids.includes(one.id) ? { ...one, ...change(one) } : one)),
});

const find = (state, id) => state.chromosomes.find((one) => one.id === id);

const KINDS = {
  move: (state, { id, label }) => each(state, [id], () => ({ ...agreed, label, probability: label ? 1 : 0 })),
  swap(state, { a, b }) {
    const labels = { [a]: find(state, b)?.label ?? null, [b]: find(state, a)?.label ?? null };
    return each(state, [a, b], ({ id }) => ({ ...agreed, label: labels[id] }));
  },
  flip: (state, { id }) => each(state, [id], ({ flipped }) => ({ flipped: !flipped })),
  rotate: (state, { id, degrees }) => each(state, [id], ({ angle }) => ({ angle: angle + degrees })),
  confirm: (state, { id }) => each(state, [id], () => ({ review: [] })),
  confirm_all: (state) => each(state, state.chromosomes.map(({ id }) => id), () => ({ review: [] })),
  delete: (state, { id }) => ({
    chromosomes: state.chromosomes.filter((one) => one.id !== id),
    deleted: [...state.deleted, ...state.chromosomes.filter((one) => one.id === id)],
  }),
  restore: (state, { id }) => ({
    chromosomes: [...state.chromosomes, ...state.deleted.filter((one) => one.id === id)],
    deleted: state.deleted.filter((one) => one.id !== id),
  }),
};

/** {chromosomes, deleted} after some edits. */
export const foresee = (state, edits) => edits.reduce((now, edit) => KINDS[edit.kind]?.(now, edit) ?? now, state);

/** Chromosomes that a person should look at, the least certain first. */
export function doubtful(chromosomes) {
  const sure = ({ label, probability }) => (label ? probability : -1);
  return chromosomes.filter(({ label, review }) => review.length || !label).sort((a, b) => sure(a) - sure(b) || a.id - b.id);
}

/** Copies of each class. */
export function counted(chromosomes) {
  const counts = {};
  for (const { label } of chromosomes) if (label) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

const line = (n) => `${n} point${n === 1 ? "" : "s"}`;

/** An edit in words, for the history and for a conflict. */
export function inWords(edit) {
  const words = {
    move: ({ id, label }) => `${id} to ${label ?? "no place"}`,
    swap: ({ a, b }) => `${a} and ${b} swapped`,
    flip: ({ id }) => `${id} flipped`,
    rotate: ({ id, degrees }) => `${id} turned by ${degrees}°`,
    delete: ({ id }) => `${id} deleted`,
    restore: ({ id }) => `${id} restored`,
    cut: ({ id, line: path }) => `${id} cut along ${line(path?.length ?? 0)}`,
    join: ({ ids }) => `${(ids ?? []).join(", ")} joined`,
    outline: ({ replaces, polygon }) => (replaces ? `${replaces} outlined anew` : `a chromosome outlined with ${line(polygon?.length ?? 0)}`),
    strokes: ({ id, ids, strokes }) => `${[id ?? ids].flat().join(", ")} parted along ${strokes?.length ?? 0} strokes`,
    confirm: ({ id }) => `${id} confirmed`,
    confirm_all: () => "all confirmed",
    undo: () => "undone",
    redo: () => "done again",
  };
  return words[edit.kind]?.(edit) ?? edit.kind;
}
