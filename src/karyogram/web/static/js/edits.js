// What an edit does to the state, as far as that can be known without the server: shown at once, and replaced by the server's
// answer. Cuts, joins and outlines need the pipeline, so they change nothing here. States are never changed, only followed.

const each = (state, ids, change) => ({
  ...state,
  chromosomes: state.chromosomes.map((one) => (ids.includes(one.id) ? { ...one, ...change(one) } : one)),
});

/** A class told by a person. */
const told = (state, ids, label) => ({
  ...each(state, ids, (one) => ({ label: label(one), probability: label(one) ? 1 : 0, review: [] })),
  confirmed: [...state.confirmed, ...ids],
});

const find = (state, id) => state.chromosomes.find((one) => one.id === id);

/** The chromosomes of a class, as they stand in its slot. */
export const homologues = ({ chromosomes }, label) => chromosomes.filter((one) => one.label === label);

/** A chromosome at a place among its homologues, behind them if there are too few. */
function putAt(state, chromosome, place) {
  const rest = state.chromosomes.filter(({ id }) => id !== chromosome.id);
  const beside = homologues({ chromosomes: rest }, chromosome.label)[place];
  return { ...state, chromosomes: rest.toSpliced(beside ? rest.indexOf(beside) : rest.length, 0, chromosome) };
}

const KINDS = {
  move: (state, { id, label, place }) => told(putAt(state, { ...find(state, id), label }, place), [id], () => label),
  order: (state, { id, place }) => putAt(state, find(state, id), place),
  swap(state, { a, b }) {
    const [one, other] = [find(state, a), find(state, b)];
    const labels = { [a]: other.label, [b]: one.label };
    const places = { [a]: other, [b]: one };
    const swapped = { ...state, chromosomes: state.chromosomes.map((here) => places[here.id] ?? here) };
    return one.label === other.label ? swapped : told(swapped, [a, b], ({ id }) => labels[id]);
  },
  flip: (state, { id }) =>
    each(state, [id], ({ flipped, centromere }) => ({
      flipped: !flipped,
      centromere: centromere === null ? null : 1 - centromere,
    })),
  rotate: (state, { id, degrees }) => each(state, [id], ({ angle }) => ({ angle: angle + degrees })),
  confirm: (state, { id }) => told(state, [id], ({ label }) => label),
  confirm_all: (state) =>
    told(
      state,
      state.chromosomes.map(({ id }) => id),
      ({ label }) => label,
    ),
  delete: (state, { id }) => ({
    ...state,
    chromosomes: state.chromosomes.filter((one) => one.id !== id),
    deleted: [...state.deleted, ...state.chromosomes.filter((one) => one.id === id)],
  }),
  restore: (state, { id }) => ({
    ...state,
    chromosomes: [...state.chromosomes, ...state.deleted.filter((one) => one.id === id)],
    deleted: state.deleted.filter((one) => one.id !== id),
  }),
};

/** Whether the chromosomes that an edit names are there: somebody else may have deleted one meanwhile. The server says so. */
const possible = (state, { kind, id, a, b }) =>
  kind === "restore" || [id, a, b].every((one) => one === undefined || find(state, one));

/** {chromosomes, deleted, confirmed} after some edits; `confirmed` are the ids of those whose class a person told. */
export const foresee = (state, edits) =>
  edits.reduce((now, edit) => (possible(now, edit) && KINDS[edit.kind]?.(now, edit)) || now, state);

/** Chromosomes that a person should look at, the least certain first. */
export function doubtful({ chromosomes, confirmed }) {
  const sure = ({ label, probability }) => (label ? probability : -1);
  return chromosomes
    .filter(({ id, label, review }) => review.length || (!label && !confirmed.includes(id)))
    .sort((a, b) => sure(a) - sure(b) || a.id - b.id);
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
    order: ({ id, place }) => `${id} to place ${place + 1} of its class`,
    swap: ({ a, b }) => `${a} and ${b} swapped`,
    flip: ({ id }) => `${id} flipped`,
    rotate: ({ id, degrees }) => `${id} turned by ${degrees}°`,
    delete: ({ id }) => `${id} deleted`,
    restore: ({ id }) => `${id} restored`,
    cut: ({ id, line: path }) => `${id} cut along ${line(path?.length ?? 0)}`,
    join: ({ ids }) => `${(ids ?? []).join(", ")} joined`,
    outline: ({ replaces, polygon }) =>
      replaces ? `${replaces} outlined anew` : `a chromosome outlined with ${line(polygon?.length ?? 0)}`,
    strokes: ({ id, ids, strokes }) => `${[id ?? ids].flat().join(", ")} parted along ${strokes?.length ?? 0} strokes`,
    confirm: ({ id }) => `${id} confirmed`,
    confirm_all: () => "all confirmed",
    structure: ({ terms }) => `structure: ${terms?.join(", ") || "none"}`,
    undo: () => "undone",
    redo: () => "done again",
  };
  return words[edit.kind]?.(edit) ?? edit.kind;
}
