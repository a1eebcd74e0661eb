/** Lets many wait for what may change at any time, until it is over. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  readonly #isOver: () => boolean;

  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Something has changed. */
  tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves with the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /**
   * Resolves with `promise`, or when it is over. Not Promise.race: what that leaves behind on a promise that stays pending
   * would grow with every message.
   */
  unlessOver(promise: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (this.#isOver()) resolve();
        else this.#waiting.add(check);
      };
      check();
      promise.then(resolve, reject).finally(() => this.#waiting.delete(check));
    });
  }
}
