// Pointers on the photograph. One pointer belongs to the tool, two pinch and pan, the middle button or Space pans.

export class Gestures {
  constructor(pane, view) {
    Object.assign(this, { pane, view });
    this.pointers = new Map();
    this.tool = null;
    this.active = false;
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
      pane.addEventListener(kind, (event) => this[kind](event));
  }

  pointerdown(event) {
    if (event.target.closest("button")) return;
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
    const [dx, dy] = [event.clientX - last[0], event.clientY - last[1]];
    if (this.pointers.size === 2) this.#pinch(event, dx, dy);
    else if (this.panning) this.view.pan(dx, dy);
    else if (this.active) this.tool?.move?.(event, dx, dy);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  #pinch(event, dx, dy) {
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
    const own = this.pointers.get(event.pointerId);
    const before = Math.hypot(own[0] - other[0], own[1] - other[1]);
    const after = Math.hypot(event.clientX - other[0], event.clientY - other[1]);
    const box = this.pane.getBoundingClientRect();
    this.view.pan(dx / 2, dy / 2);
    this.view.zoom(
      after / Math.max(before, 1),
      (event.clientX + other[0]) / 2 - box.left,
      (event.clientY + other[1]) / 2 - box.top,
    );
  }

  pointerup(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.active) this.tool?.up?.(event);
    this.active = false;
    this.panning = false;
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
    if (this.active) this.tool?.cancel?.();
    this.active = false;
  }
}
