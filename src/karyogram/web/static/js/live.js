// What others do shows without a reload: the page asks now and then, and is mostly answered 304.

const [EVERY, SLOWEST] = [2000, 30_000];

/** Let `look` ask the server again and again as long as the page is in sight; less often while that fails. */
export function watch(look) {
  let [pause, timer] = [EVERY, 0];
  const later = () => (timer = setTimeout(ask, pause));
  const ask = async () => {
    clearTimeout(timer);
    try {
      await look();
      pause = EVERY;
    } catch {
      pause = Math.min(2 * pause, SLOWEST);
    }
    clearTimeout(timer);
    if (document.visibilityState === "visible") later();
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
  later();
}

/** Whether a case stands as it was fetched. */
export const isCurrent = ({ version, metaphases }, told) =>
  version === told.version &&
  metaphases.every(({ analysis: one }) => {
    const now = one && told.analyses[one.id];
    return !one || (now?.version === one.version && now.state === one.state);
  });

/** What has been done to a case since it was fetched before, by anybody but `name`. */
export function deedsOfOthers(before, now, name) {
  const last = before.actions.at(-1)?.id ?? 0;
  return now.actions.filter(({ id, user }) => id > last && user !== name);
}
