// Pod devices of whose interfaces there is no file. They are left alone for a while: should the state folder be missing for a moment, no pod
// loses its network to that.

import type { RoomLog } from '../log.ts';

export interface StraysOptions {
  readonly log: RoomLog;
  readonly removeDevice: (device: string) => void;
}

export class Strays {
  readonly #options: StraysOptions;
  readonly #devices = new Set<string>();
  #failure: string | undefined;

  constructor(options: StraysOptions) {
    this.#options = options;
  }

  find(devices: readonly string[]): void {
    for (const device of devices) {
      this.#devices.add(device);
      this.#options.log.warn('a pod device belongs to no interface that is known and will be removed', { endpoint: device });
    }
  }

  has(device: string): boolean {
    return this.#devices.has(device);
  }

  /** It is gone, or somebody's again. */
  forget(device: string): void {
    this.#devices.delete(device);
  }

  /** What cannot be removed stays for the next call. */
  removeAll(): void {
    for (const device of [...this.#devices]) {
      try {
        this.#options.removeDevice(device);
        this.#devices.delete(device);
        this.#options.log.info('a pod device that belonged to no interface was removed', { endpoint: device });
      } catch (error) {
        this.#failure = (error as Error).message;
      }
    }
  }

  problems(): string[] {
    const failure = this.#failure === undefined ? '' : `, not removed: ${this.#failure}`;
    return [...this.#devices].map((device) => `device ${device}: no file of its interface${failure}`);
  }
}
