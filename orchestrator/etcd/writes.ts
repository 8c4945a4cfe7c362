// Writes: many at once, or one alone that all others wait for. A lease that puts its keys again must not cross a delete of one of them.

export class Writes {
  #underWay = 0;
  #alone: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  async together<Result>(act: () => Promise<Result>): Promise<Result> {
    while (this.#alone) await this.#alone;
    this.#underWay++;
    try {
      return await act();
    } finally {
      if (--this.#underWay === 0) this.#idle?.();
    }
  }

  /** `act` must end by itself: whoever writes meanwhile waits. */
  async alone(act: () => Promise<void>): Promise<void> {
    while (this.#alone) await this.#alone;
    let done = () => {};
    this.#alone = new Promise((resolve) => {
      done = resolve;
    });
    try {
      if (this.#underWay > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
      }
      await act();
    } finally {
      this.#idle = undefined;
      this.#alone = undefined;
      done();
    }
  }
}
