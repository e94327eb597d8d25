/** A timer that waits in a {@link TimerHeap}. */
export interface WaitingTimer {
  readonly deadline: number;
  /** Decides between equal deadlines: the older timer first. */
  readonly order: number;
  readonly callback: () => void;
  /** Place in the heap, kept by the heap; −1 while outside. */
  position: number;
}

function isBefore(a: WaitingTimer, b: WaitingTimer): boolean {
  return a.deadline === b.deadline ? a.order < b.order : a.deadline < b.deadline;
}

/** Binary heap of timers by deadline. A timer knows its place, so that taking out any of them costs O(log n). */
export class TimerHeap {
  readonly #timers: WaitingTimer[] = [];

  get size(): number {
    return this.#timers.length;
  }

  /** The timer due first, which stays in the heap. */
  first(): WaitingTimer | undefined {
    return this.#timers[0];
  }

  add(timer: WaitingTimer): void {
    this.#timers.push(timer);
    this.#rise(timer, this.#timers.length - 1);
  }

  /** Takes a timer out; one that is not in the heap is ignored. */
  remove(timer: WaitingTimer): void {
    const hole = timer.position;
    if (this.#timers[hole] !== timer) return;
    timer.position = -1;
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#rise(last, hole);
    this.#sink(last, last.position);
  }

  #place(timer: WaitingTimer, position: number): void {
    this.#timers[position] = timer;
    timer.position = position;
  }

  #rise(timer: WaitingTimer, from: number): void {
    let position = from;
    while (position > 0) {
      const parentPosition = (position - 1) >> 1;
      const parent = this.#timers[parentPosition];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#place(parent, position);
      position = parentPosition;
    }
    this.#place(timer, position);
  }

  #sink(timer: WaitingTimer, from: number): void {
    let position = from;
    for (;;) {
      const left = this.#timers[2 * position + 1];
      const right = this.#timers[2 * position + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) break;
      const childPosition = child.position;
      this.#place(child, position);
      position = childPosition;
    }
    this.#place(timer, position);
  }
}
