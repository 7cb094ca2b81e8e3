// What this person has looked at: the version of each analysis that was on the screen last, for as long as the tab lives. A
// signature says these versions, so that nobody signs what somebody else has changed meanwhile.

const KEY = "karyogram-seen";

const all = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
const keep = (versions) => sessionStorage.setItem(KEY, JSON.stringify(versions));
const cells = ({ metaphases }) => metaphases.map(({ analysis }) => analysis).filter(Boolean);

/** An analysis was on the screen in a version. */
export const saw = (id, version) => keep({ ...all(), [id]: version });

/** A case was listed: cells that were not looked at before count as seen as they stand; with `anew` all of them do. */
export function sawCase(whole, anew = false) {
  const listed = Object.fromEntries(cells(whole).map(({ id, version }) => [id, version]));
  keep(anew ? { ...all(), ...listed } : { ...listed, ...all() });
}

/** {analysis: version} of a case, as this person knows it. */
export function seen(whole) {
  const known = all();
  return Object.fromEntries(cells(whole).map(({ id, version }) => [id, known[id] ?? version]));
}

/** Whether an analysis was changed after this person looked. */
export const isNews = ({ id, version }) => (all()[id] ?? version) !== version;

/** Another person reads. */
export const forget = () => sessionStorage.removeItem(KEY);
