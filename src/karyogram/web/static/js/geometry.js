// Points and outlines, [x, y] in pixels of the picture. Pixel (0, 0) of the API is the middle of the first pixel.

/** The middle of a box [xmin, ymin, xmax, ymax]. */
export const middle = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];

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
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) twice += polygon[j][0] * polygon[i][1] - polygon[i][0] * polygon[j][1];
  return Math.abs(twice) / 2;
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
export const draw = (path, closed = false) => (path.length ? `M${path.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}` : "");

/** Height and width, in pixels of the picture, of an outline turned `degrees` counter-clockwise, and its middle there. */
export function turned(polygon, degrees) {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const xs = polygon.map(([x, y]) => cos * x + sin * y);
  const ys = polygon.map(([x, y]) => -sin * x + cos * y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { width: right - left + 1, height: bottom - top + 1, centre: [(left + right) / 2, (top + bottom) / 2] };
}
