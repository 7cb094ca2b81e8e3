// Pointers on the photograph. One pointer belongs to the tool, two pinch and pan, the middle button or Space pans.

export class Gestures {
  constructor(pane, view) {
    Object.assign(this, { pane, view });
    this.pointers = new Map();
    this.before = null; // where two fingers were in the last frame, if they have moved since
    this.tool = null;
    this.active = false;
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
      pane.addEventListener(kind, (event) => this[kind](event));
  }

  pointerdown(event) {
    if (event.target.closest("button")) return;
    this.#pinch();
    this.pane.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.panning = event.button === 1;
    if (this.pointers.size === 2 && this.active) {
      this.tool?.cancel?.();
      this.active = false;
    } else if (this.pointers.size === 1 && !this.panning && event.button === 0) {
      this.active = true;
      this.tool?.down?.(event);
    }
  }

  pointermove(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    if (this.pointers.size === 2) this.#beforePinch();
    else if (this.panning) this.view.pan(event.clientX - last[0], event.clientY - last[1]);
    else if (this.active) this.tool?.move?.(event, event.clientX - last[0], event.clientY - last[1]);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  /** Two fingers tell of their moves one after the other; a frame is taken as one move, so that what lies between them stays. */
  #beforePinch() {
    if (this.before) return;
    this.before = [...this.pointers.values()];
    requestAnimationFrame(() => this.#pinch());
  }

  #pinch() {
    if (!this.before) return;
    const box = this.pane.getBoundingClientRect();
    const [was, is] = [this.before, [...this.pointers.values()]].map(([one, other]) => ({
      x: (one[0] + other[0]) / 2 - box.left,
      y: (one[1] + other[1]) / 2 - box.top,
      apart: Math.hypot(one[0] - other[0], one[1] - other[1]),
    }));
    this.before = null;
    this.view.pan(is.x - was.x, is.y - was.y);
    this.view.zoom(is.apart / Math.max(was.apart, 1), is.x, is.y);
  }

  pointerup(event) {
    this.#pinch();
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.active) this.tool?.up?.(event);
    this.active = false;
    this.panning = false;
  }

  pointercancel(event) {
    this.#pinch();
    this.pointers.delete(event.pointerId);
    if (this.active) this.tool?.cancel?.();
    this.active = false;
  }
}
