// Points and outlines, [x, y] in pixels of the picture. Pixel (0, 0) of the API is the middle of the first pixel.

/** Whether a point lies inside an outline (even-odd rule). */
export function inside([x, y], polygon) {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i];
    const [bx, by] = polygon[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

export function area(polygon) {
  let twice = 0;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++)
    twice += polygon[j][0] * polygon[i][1] - polygon[i][0] * polygon[j][1];
  return Math.abs(twice) / 2;
}

/** How far two boxes [left, top, right, bottom] are the same: what they share of what they cover together. */
export function overlap(one, other) {
  const side = (a, b) => Math.max(0, Math.min(one[b], other[b]) - Math.max(one[a], other[a]));
  const size = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  const common = side(0, 2) * side(1, 3);
  return common / (size(one) + size(other) - common);
}

export const length = (path) => path.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - path[i][0], y - path[i][1]), 0);

function offLine([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const norm = Math.hypot(dx, dy);
  return norm ? Math.abs(dx * (ay - y) - (ax - x) * dy) / norm : Math.hypot(x - ax, y - ay);
}

/** A path with fewer points, none of the left out farther off than `tolerance` (Ramer 1972; Douglas and Peucker 1973). */
export function simplify(path, tolerance = 0.7) {
  if (path.length < 3) return path;
  const [first, last] = [path[0], path.at(-1)];
  let [worst, split] = [0, 0];
  for (let i = 1; i < path.length - 1; i++) {
    const off = offLine(path[i], first, last);
    if (off > worst) [worst, split] = [off, i];
  }
  if (worst <= tolerance) return [first, last];
  return [...simplify(path.slice(0, split + 1), tolerance).slice(0, -1), ...simplify(path.slice(split), tolerance)];
}

/** Points every `step` pixels along a path. */
export function walk(path, step = 1) {
  const points = [path[0]];
  for (let i = 1; i < path.length; i++) {
    const [[ax, ay], [bx, by]] = [path[i - 1], path[i]];
    const parts = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / step));
    for (let k = 1; k <= parts; k++) points.push([ax + ((bx - ax) * k) / parts, ay + ((by - ay) * k) / parts]);
  }
  return points;
}

/** How much of a path, 0 to 1, lies inside an outline. */
export function share(path, polygon) {
  const points = walk(path);
  return points.filter((point) => inside(point, polygon)).length / points.length;
}

/** A path as the `d` of an SVG path. */
export const draw = (path, closed = false) =>
  path.length ? `M${path.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}` : "";

/** Height and width, in pixels of the picture, of an outline turned `degrees` counter-clockwise, and its middle there. */
export function turned(polygon, degrees) {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const xs = polygon.map(([x, y]) => cos * x + sin * y);
  const ys = polygon.map(([x, y]) => -sin * x + cos * y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { width: right - left + 1, height: bottom - top + 1, centre: [(left + right) / 2, (top + bottom) / 2] };
}

/**
 * Where the names of chromosomes stand: beside each, in the one of sixteen directions where the name, `room` pixels wide, covers
 * least of the chromosomes and of names placed before. A Map of id to point.
 */
export function freeSpots(chromosomes, room = 14) {
  const spots = new Map();
  const near = ([left, top, right, bottom], [x, y], by) => x > left - by && x < right + by && y > top - by && y < bottom + by;
  const half = room / 2;
  const probes = [-half, 0, half].flatMap((dx) => [-half, 0, half].map((dy) => [dx * 0.8, dy * 0.8]));
  for (const { id, polygon, bbox } of chromosomes) {
    const [cx, cy] = [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2];
    let [best, least] = [[cx, cy], Infinity];
    for (let turn = 0; turn < 16; turn++) {
      const [ux, uy] = [Math.cos((turn * Math.PI) / 8), Math.sin((turn * Math.PI) / 8)];
      const edge = polygon.reduce(
        (far, [x, y]) => ((x - cx) * ux + (y - cy) * uy > (far[0] - cx) * ux + (far[1] - cy) * uy ? [x, y] : far),
        polygon[0],
      );
      const spot = [edge[0] + ux * room * 0.65, edge[1] + uy * room * 0.65];
      const others = chromosomes.filter((other) => near(other.bbox, spot, half));
      const covered = probes.filter(([dx, dy]) =>
        others.some((other) => inside([spot[0] + dx, spot[1] + dy], other.polygon)),
      ).length;
      const crowd = [...spots.values()].filter(([x, y]) => Math.abs(x - spot[0]) < room && Math.abs(y - spot[1]) < room).length;
      const cost = covered + 3 * crowd + Math.hypot(spot[0] - cx, spot[1] - cy) / 60;
      if (cost < least) [best, least] = [spot, cost];
    }
    spots.set(id, best);
  }
  return spots;
}
