// Zoom and pan of the photograph: one matrix (scale, x, y) that turns pixels of the picture into pixels of the pane.

const MOST = 24;

export class View {
  constructor(pane, width, height, changed) {
    Object.assign(this, { pane, width, height, changed });
    this.fitted = true;
    new ResizeObserver(() => this.fitted && this.fit()).observe(pane);
    this.fit();
  }

  get least() {
    return Math.min(this.pane.clientWidth / this.width, this.pane.clientHeight / this.height) || 1;
  }

  fit() {
    this.scale = this.least;
    this.x = (this.pane.clientWidth - this.width * this.scale) / 2;
    this.y = (this.pane.clientHeight - this.height * this.scale) / 2;
    this.fitted = true;
    this.changed(this);
  }

  /** Zoom by a factor, keeping the point (x, y) of the pane where it is. */
  zoom(factor, x = this.pane.clientWidth / 2, y = this.pane.clientHeight / 2) {
    const scale = Math.max(this.least, Math.min(MOST, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = scale === this.least;
    if (this.fitted) this.fit();
    else this.settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  /** Keep the picture in the pane. */
  settle() {
    const hold = (at, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
    this.x = hold(this.x, this.width * this.scale, this.pane.clientWidth);
    this.y = hold(this.y, this.height * this.scale, this.pane.clientHeight);
    this.changed(this);
  }

  /** Bring a box of the picture into sight, without zooming. */
  reveal([left, top, right, bottom]) {
    const [x, y] = [((left + right) / 2) * this.scale + this.x, ((top + bottom) / 2) * this.scale + this.y];
    const near = (at, room) => (at < 24 || at > room - 24 ? room / 2 - at : 0);
    const [dx, dy] = [near(x, this.pane.clientWidth), near(y, this.pane.clientHeight)];
    if (dx || dy) this.pan(dx, dy);
  }

  /** The point of the picture under a pointer event; the middle of the first pixel is (0, 0). */
  point({ clientX, clientY }) {
    const box = this.pane.getBoundingClientRect();
    return [(clientX - box.left - this.x) / this.scale - 0.5, (clientY - box.top - this.y) / this.scale - 0.5];
  }
}
