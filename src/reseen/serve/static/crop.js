// A rectangle on an image, which mouse, finger and keyboard draw, move and resize.

const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };
const SMALLEST = 0.04;
const STEP = 0.02;
const SETTLE = 450;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Calls `changed()` once the rectangle stops changing. `frame` holds the image and the rectangle `crop`. */
export function makeCrop(frame, crop, changed) {
  let box = { ...WHOLE };
  let timer = 0;

  function show() {
    for (const side of ["left", "top"]) crop.style[side] = `${box[side] * 100}%`;
    crop.style.right = `${(1 - box.right) * 100}%`;
    crop.style.bottom = `${(1 - box.bottom) * 100}%`;
    crop.classList.toggle("whole", isWhole());
  }

  const isWhole = () => box.left <= 0 && box.top <= 0 && box.right >= 1 && box.bottom >= 1;

  function set(next, { rest = true } = {}) {
    box = next;
    show();
    clearTimeout(timer);
    if (rest) timer = setTimeout(changed, SETTLE);
  }

  function moved(from, right, down) {
    const x = clamp(right, -from.left, 1 - from.right);
    const y = clamp(down, -from.top, 1 - from.bottom);
    return { left: from.left + x, right: from.right + x, top: from.top + y, bottom: from.bottom + y };
  }

  const spanned = (from, to) => ({
    left: Math.min(from.x, to.x), right: Math.max(from.x, to.x),
    top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y),
  });

  function place(event) {
    const around = frame.getBoundingClientRect();
    return {
      x: clamp((event.clientX - around.left) / around.width, 0, 1),
      y: clamp((event.clientY - around.top) / around.height, 0, 1),
    };
  }

  /** The drag that starts at the event: a function from the pointer's place to the rectangle. */
  function dragOf(event) {
    const start = place(event);
    const before = { ...box };
    const corner = event.target.dataset?.corner;
    if (corner) {
      const fixed = { x: corner.includes("w") ? before.right : before.left, y: corner.includes("n") ? before.bottom : before.top };
      return to => spanned(fixed, to);
    }
    const inside = !isWhole() && start.x > before.left && start.x < before.right && start.y > before.top && start.y < before.bottom;
    return inside ? to => moved(before, to.x - start.x, to.y - start.y) : to => spanned(start, to);
  }

  frame.addEventListener("pointerdown", event => {
    if (event.button) return;
    event.preventDefault();
    crop.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    const before = { ...box };
    const drag = dragOf(event);
    const follow = move => set(drag(place(move)), { rest: false });
    const finish = () => {
      frame.removeEventListener("pointermove", follow);
      const small = box.right - box.left < SMALLEST || box.bottom - box.top < SMALLEST;
      const same = Object.keys(box).every(side => box[side] === before[side]);
      if (small) set(before, { rest: false });
      else if (!same) set(box);
    };
    frame.addEventListener("pointermove", follow);
    frame.addEventListener("pointerup", finish, { once: true });
    frame.addEventListener("pointercancel", finish, { once: true });
  });

  crop.addEventListener("keydown", event => {
    if (event.key === "Escape" && !isWhole()) return set({ ...WHOLE });
    const right = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key] ?? 0;
    const down = { ArrowUp: -STEP, ArrowDown: STEP }[event.key] ?? 0;
    if (!right && !down) return;
    event.preventDefault();
    if (!event.shiftKey) return set(moved(box, right, down));
    set({ ...box,
      right: clamp(box.right + right, box.left + SMALLEST, 1),
      bottom: clamp(box.bottom + down, box.top + SMALLEST, 1) });
  });

  show();
  return {
    isWhole,
    reset: () => { box = { ...WHOLE }; clearTimeout(timer); show(); },
    get: () => ({ ...box }),
    put: next => { box = { ...next }; show(); },
    /** left,top,right,bottom in pixels of an image of this size; null for the whole image. */
    pixels(width, height) {
      if (isWhole()) return null;
      const corners = [box.left * width, box.top * height, box.right * width, box.bottom * height];
      return corners.map(Math.round).join(",");
    },
  };
}
