// Loop: one thread that waits for datagrams and for Node's own events at once. Datagrams are taken here, in batches; whenever Node's event loop has
// something to do (connections, clients, timers), it gets its turn: it is asked how long that may wait, as its library offers it to
// programs that have a loop of their own.

import { cpus } from 'node:os';
import type { Calls } from './calls.ts';

/** EPOLL_CLOEXEC; EPOLLIN; EPOLL_CTL_ADD, EPOLL_CTL_DEL. */
const [closeOnExec, readable, add, remove] = [0x80000, 1, 1, 2];
const eventsAtOnce = 64;
/** struct epoll_event, which is packed on x86: in words, its size and where the data is. */
const [eventWords, dataWord] = process.arch === 'x64' ? [3, 1] : [4, 2];
/** Milliseconds until Node has its turn, however many datagrams are waiting. */
const mostMs = 10;
/** It looks at its deadlines this often. */
const longestWaitMs = 100;

/**
 * Milliseconds for which it looks again and again before it sleeps: to be woken takes longer than many an answer, or the next query of a busy node.
 * It does so for as long as that is worth it, which it is not where whoever would send something has no other processor.
 */
const [leastLook, mostLook] = [0.008, 0.096];
const canLook = cpus().length > 1;

export class Loop {
  private readonly calls: Calls;
  private readonly epoll: number;
  private readonly takers = new Map<number, () => void>();
  private readonly channel = new MessageChannel();
  private readonly events = new Int32Array(eventsAtOnce * eventWords);
  private readonly eventsAddress: number;
  private readonly tick: () => void;
  private yields = false;
  private lookMs = 0;
  private isStopped = false;

  /** `tick` is called between rounds, ten times a second or more. */
  constructor(calls: Calls, tick: () => void) {
    this.calls = calls;
    this.tick = tick;
    this.epoll = calls.epollCreate(closeOnExec);
    this.eventsAddress = calls.address(this.events);
    this.watch(calls.eventLoop.descriptor, () => {
      this.yields = true;
    });
    this.channel.port2.on('message', () => this.turn());
  }

  /** `take` is called while the descriptor has something. */
  watch(descriptor: number, take: () => void): void {
    this.takers.set(descriptor, take);
    this.control(add, descriptor);
  }

  unwatch(descriptor: number): void {
    this.takers.delete(descriptor);
    this.control(remove, descriptor);
  }

  /** Before the next wait, what is queued in this process has its turn. */
  yield(): void {
    this.yields = true;
  }

  start(): void {
    this.again();
  }

  stop(): void {
    this.isStopped = true;
    this.channel.port1.close();
    this.calls.close(this.epoll);
  }

  private turn(): void {
    if (this.isStopped) return;
    this.yields = false;
    for (const end = performance.now() + mostMs; !this.yields && performance.now() < end; ) {
      const patience = this.calls.eventLoop.timeout();
      const wait = patience < 0 ? longestWaitMs : Math.min(patience, longestWaitMs);
      const ready = this.await(wait);
      for (let at = 0; at < ready; at += 1) this.takers.get(this.events[at * eventWords + dataWord] as number)?.();
      this.tick();
      if (this.isStopped) return;
      if (patience >= 0 && ready <= 0 && wait === patience) break;
    }
    this.again();
  }

  /** How many events there are, after so many milliseconds at most. */
  private await(wait: number): number {
    let ready = this.poll(0);
    if (ready !== 0 || wait === 0) return ready;
    const start = performance.now();
    for (const end = start + this.lookMs; ready === 0 && performance.now() < end; ) ready = this.poll(0);
    if (ready !== 0) return ready;
    ready = this.poll(wait);
    const isSoon = performance.now() - start < 2 * mostLook;
    const next = isSoon ? Math.max(this.lookMs * 2, leastLook) : this.lookMs / 2;
    if (canLook) this.lookMs = next < leastLook ? 0 : Math.min(next, mostLook);
    return ready;
  }

  private poll(wait: number): number {
    return this.calls.epollWait(this.epoll, this.eventsAddress, eventsAtOnce, wait);
  }

  /**
   * By a message, for within an immediate the event loop always says that it must not wait; and from an immediate, for a port gives many messages
   * at once.
   */
  private again(): void {
    setImmediate(() => this.channel.port1.postMessage(0));
  }

  private control(operation: number, descriptor: number): void {
    const event = new Int32Array(16);
    event[0] = readable;
    event[dataWord] = descriptor;
    this.calls.epollControl(this.epoll, operation, descriptor, this.calls.address(event));
  }
}
