// One chromosome out of the photograph, upright on white. Done here, from the one picture the page has, so that a karyogram
// of 46 costs no 46 requests and a flip shows at once.

import { turned } from "./geometry.js";

/** Degrees counter-clockwise that stand a chromosome on its long arm. */
export const turn = ({ angle, flipped }) => angle + (flipped ? 180 : 0);

/** Height and width of a chromosome standing upright, in pixels of the picture. */
export function size(chromosome) {
  const { width, height } = turned(chromosome.polygon, turn(chromosome));
  return { width, height };
}

function trace(context, polygon) {
  context.beginPath();
  polygon.forEach(([x, y], i) => (i ? context.lineTo(x + 0.5, y + 0.5) : context.moveTo(x + 0.5, y + 0.5)));
  context.closePath();
}

/** Paint a chromosome on a canvas, `scale` CSS pixels a pixel of the picture; the canvas takes the size it needs. */
export function paint(canvas, picture, chromosome, scale) {
  const sharp = Math.min(3, window.devicePixelRatio || 1);
  const { width, height, centre } = turned(chromosome.polygon, turn(chromosome));
  const [wide, high] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  [canvas.width, canvas.height] = [wide * sharp, high * sharp];
  [canvas.style.width, canvas.style.height] = [`${wide}px`, `${high}px`];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const grow = scale * sharp;
  context.setTransform(grow, 0, 0, grow, (wide * sharp) / 2, (high * sharp) / 2);
  context.translate(-centre[0] - 0.5, -centre[1] - 0.5);
  context.rotate((-turn(chromosome) * Math.PI) / 180);
  trace(context, chromosome.polygon);
  context.fillStyle = context.strokeStyle = "#000";
  context.lineJoin = "round";
  context.lineWidth = 1;
  context.fill();
  context.stroke();
  const [left, top, right, bottom] = chromosome.bbox;
  const x = Math.max(0, Math.floor(left) - 2);
  const y = Math.max(0, Math.floor(top) - 2);
  const [w, v] = [Math.min(picture.naturalWidth, right + 3) - x, Math.min(picture.naturalHeight, bottom + 3) - y];
  context.globalCompositeOperation = "source-in";
  if (w > 0 && v > 0) context.drawImage(picture, x, y, w, v, x, y, w, v);
}
