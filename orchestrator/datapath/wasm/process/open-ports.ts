// Open ports: opens the devices that ports' files name, gives each to a worker, and keeps at it where one cannot be opened yet.

import { closeSync } from 'node:fs';
import { AgentError } from '../../../errors.ts';
import { log } from '../../../log.ts';
import type { Calls } from '../calls.ts';
import type { PortCounters, ProcessStatus } from '../hello.ts';
import type { UserPort } from '../port.ts';
import { openOverlaySocket, setting } from './overlay-socket.ts';
import type { PortFiles } from './port-files.ts';
import { counter, everyWorkerPassed, type PortTable, sumCounters } from './port-table.ts';
import { openTun } from './tun.ts';

/** EPOLL_CTL_ADD, EPOLL_CTL_DEL; EPOLLIN. */
const [add, remove, readable] = [1, 2, 1];
/** A predecessor that is ending has the device open for some milliseconds more. */
const [retryMs, longestRetryMs] = [5, 1000];

interface Held {
  readonly port: UserPort;
  /** -1: it is not open. */
  descriptor: number;
  epoll: number;
  /** Why not; empty when it is. */
  error: string;
}

export interface OpenPortsParts {
  readonly calls: Calls;
  readonly table: PortTable;
  /** By worker. */
  readonly epolls: readonly number[];
  readonly files: PortFiles;
}

export class OpenPorts {
  private readonly parts: OpenPortsParts;
  private readonly held = new Map<number, Held>();
  private readonly timers = new Map<number, NodeJS.Timeout>();

  constructor(parts: OpenPortsParts) {
    this.parts = parts;
  }

  /** All that have files. One that cannot be opened is tried again. */
  restore(): void {
    for (const port of this.parts.files.read()) {
      const held: Held = { port, descriptor: -1, epoll: -1, error: '' };
      this.held.set(port.number, held);
      this.openOrRetry(held, retryMs);
    }
  }

  /** May be repeated: a port that is open as it is said stays so. Throws as `openTun`; there is no such port then. */
  async attach(port: UserPort): Promise<void> {
    const { number } = port;
    const known = this.held.get(number);
    if (known !== undefined && known.descriptor >= 0 && JSON.stringify(known.port) === JSON.stringify(port)) return;
    if (known !== undefined) await this.close(known);
    const held: Held = { port, descriptor: -1, epoll: -1, error: '' };
    this.held.set(number, held);
    try {
      this.open(held);
      this.parts.files.write(port);
    } catch (error) {
      this.held.delete(number);
      this.parts.files.remove(number);
      throw error;
    }
  }

  /** A port that is not there is detached already. */
  async detach(number: number): Promise<void> {
    this.parts.files.remove(number);
    const held = this.held.get(number);
    this.held.delete(number);
    if (held !== undefined) await this.close(held);
  }

  /** A worker found the device gone: it may come back under the same name. */
  async lost(number: number, descriptor: number): Promise<void> {
    await everyWorkerPassed(this.parts.table);
    closeSync(descriptor);
    const held = this.held.get(number);
    if (held?.descriptor !== descriptor) return;
    held.descriptor = -1;
    this.openOrRetry(held, retryMs);
  }

  counters(): PortCounters[] {
    return [...this.held.keys()].map((number) => {
      const sums = sumCounters(this.parts.table, number);
      const of = (name: keyof typeof counter): number => sums[counter[name]] ?? 0;
      const [received, receivedBytes, sent, sentBytes] = [of('received'), of('receivedBytes'), of('sent'), of('sentBytes')];
      return { number, received, receivedBytes, sent, sentBytes, refused: of('refused'), useless: of('useless') };
    });
  }

  missing(): ProcessStatus['missing'] {
    return [...this.held.values()].filter(({ error }) => error !== '').map(({ port, error }) => ({ number: port.number, error }));
  }

  private openOrRetry(held: Held, delayMs: number): void {
    const { number } = held.port;
    this.timers.delete(number);
    if (this.held.get(number) !== held) return;
    try {
      this.open(held);
    } catch (error) {
      held.error = (error as Error).message;
      // Told once, and not when it only takes the predecessor's last milliseconds.
      if (delayMs >= longestRetryMs / 2 && delayMs < longestRetryMs) {
        log.room('datapath').warn('a port cannot be opened: it is tried again', { endpoint: number, error });
      }
      this.timers.set(
        number,
        setTimeout(() => this.openOrRetry(held, Math.min(delayMs * 2, longestRetryMs)), delayMs),
      );
    }
  }

  private open(held: Held): void {
    const { calls, table, epolls } = this.parts;
    const { number } = held.port;
    const descriptor = this.openDevice(held.port);
    if (descriptor === undefined) return;
    held.epoll = epolls[number % epolls.length] as number;
    // struct epoll_event: 12 bytes on x86-64 with the data at 4, 16 elsewhere with the data at 8.
    const event = new Uint32Array(4);
    event[0] = readable;
    event[process.arch === 'x64' ? 1 : 2] = number;
    if (calls.epollControl(held.epoll, add, descriptor, calls.address(event)) < 0) {
      const reason = calls.errno();
      closeSync(descriptor);
      throw new AgentError('DEVICE_UNUSABLE', `port ${number}: cannot be waited for: errno ${reason}`);
    }
    held.descriptor = descriptor;
    held.error = '';
    Atomics.store(table.descriptors, number, descriptor);
  }

  private openDevice({ kind, device, netns, mtu = 1500, tunnelPort }: UserPort): number | undefined {
    const { calls, table } = this.parts;
    if (kind === 'overlay' && tunnelPort !== undefined) {
      const { descriptor, isIpv4 } = openOverlaySocket(calls, tunnelPort);
      Atomics.store(table.settings, setting.mtu, mtu);
      Atomics.store(table.settings, setting.tunnelPort, tunnelPort);
      Atomics.store(table.settings, setting.isIpv4, isIpv4 ? 1 : 0);
      return descriptor;
    }
    return device === undefined || kind === 'overlay'
      ? undefined
      : openTun(calls, { name: device, netns: kind === 'pod' ? netns : undefined });
  }

  private async close(held: Held): Promise<void> {
    const { calls, table } = this.parts;
    const { number } = held.port;
    clearTimeout(this.timers.get(number));
    this.timers.delete(number);
    const { descriptor } = held;
    if (descriptor < 0 || Atomics.compareExchange(table.descriptors, number, descriptor, -1) !== descriptor) return;
    held.descriptor = -1;
    calls.epollControl(held.epoll, remove, descriptor, 0);
    await everyWorkerPassed(table);
    closeSync(descriptor);
  }
}
