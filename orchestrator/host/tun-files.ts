// TUN files: a file for each TUN device that a pod has, with the number of its port. No device here tells of those in pods' namespaces, so
// that is how an agent that begins finds them; they lie on a tmpfs, as devices do.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstPodPort, portLimit } from '../datapath/wasm/port.ts';
import { AgentError } from '../errors.ts';
import type { PodDevice } from './plan.ts';

export interface TunFile extends Pick<PodDevice, 'device' | 'netns' | 'ifname'> {
  readonly port: number;
}

export class TunFiles {
  readonly #folder: string;
  /** By device. */
  readonly #files = new Map<string, TunFile>();
  #last = firstPodPort - 1;

  /** Throws STATE_UNREADABLE. A file that says nothing that can be used goes. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const name of namesIn(folder)) {
      const file = readTunFile(join(folder, name));
      if (file === undefined) rmSync(join(folder, name), { force: true });
      else this.#files.set(file.device, file);
    }
    for (const { port } of this.#files.values()) this.#last = Math.max(this.#last, port);
  }

  list(): TunFile[] {
    return [...this.#files.values()];
  }

  find(device: string): TunFile | undefined {
    return this.#files.get(device);
  }

  /** A new device gets another number than those before it, as long as there are others: a number tells a device. */
  put({ device, netns, ifname }: PodDevice, isNew: boolean): number {
    const before = this.#files.get(device);
    const port = before === undefined || isNew ? this.#free() : before.port;
    const file: TunFile = { port, device, netns, ifname };
    const path = this.#pathOf(device);
    writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#files.set(device, file);
    return port;
  }

  remove(device: string): void {
    rmSync(this.#pathOf(device), { force: true });
    this.#files.delete(device);
  }

  #pathOf(device: string): string {
    return join(this.#folder, `${device}.json`);
  }

  #free(): number {
    const taken = new Set(this.list().map(({ port }) => port));
    for (let tried = firstPodPort; tried < portLimit; tried += 1) {
      this.#last = this.#last + 1 < portLimit ? this.#last + 1 : firstPodPort;
      if (!taken.has(this.#last)) return this.#last;
    }
    throw new AgentError('ENDPOINTS_EXHAUSTED', `ports: all ${portLimit - firstPodPort} of the datapath are in use`);
  }
}

function namesIn(folder: string): string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (cause) {
    throw new AgentError('STATE_UNREADABLE', `devices: ${folder}: ${(cause as Error).message}`, { cause });
  }
}

function readTunFile(path: string): TunFile | undefined {
  try {
    const { port, device, netns, ifname } = JSON.parse(readFileSync(path, 'utf8')) as TunFile;
    const isUsable = Number.isInteger(port) && [device, netns, ifname].every((text) => typeof text === 'string');
    return isUsable ? { port, device, netns, ifname } : undefined;
  } catch {
    return undefined;
  }
}
