// Loop: a worker's turns. Each turn asks which ports have packets and takes some from each, so that no port waits for longer than one
// turn of all others, however much one of them sends.

import { HOOK_FROM_POD } from '../../generated/enums.ts';
import type { Calls } from '../calls.ts';
import { hostPort, overlayPort, portLimit, proxyPort } from '../port.ts';
import { type Batch, mostBytes, slotBytes } from './batch.ts';
import type { Lane, Overlay } from './lane.ts';
import { type PortTable, turnIndex } from './port-table.ts';

export interface LoopParts {
  readonly calls: Calls;
  readonly table: PortTable;
  readonly worker: number;
  /** epoll(7): its events carry port numbers; 0 ends the loop. */
  readonly epoll: number;
  readonly lane: Lane;
  readonly batch: Batch;
  readonly overlay: Overlay | undefined;
  /** A port's descriptor is of no use any more; it is out of the table and of the epoll. */
  lost(port: number, descriptor: number): void;
}

/** What a port may use of a turn that others wait for: packets, and as many bytes as cost the same: a small packet costs 1. */
const budget = 64;
const bytesShift = 12;
/** More than a budget of the longest packets costs. */
const unlimited = budget << 6;
/** What became of a port's turn: it has more packets than it might take; it has used its budget, or more. */
const [hasMore, isHeavy] = [1, 2];
/** Small packets in a row from where on they are read together. */
const fewest = 4;
const eventsAtOnce = 64;
const clockLooks = 32;
/** EPOLLERR | EPOLLHUP; EPOLL_CTL_DEL. */
const [failed, remove] = [0x18, 2];
/** struct epoll_event, which is packed on x86: in words, its size and where the data is. */
const [eventWords, dataWord] = process.arch === 'x64' ? [3, 1] : [4, 2];

/** Returns when it is told to. */
export function runLoop(parts: LoopParts): void {
  const { calls, table, lane, epoll } = parts;
  const events = new Int32Array(eventsAtOnce * eventWords);
  const address = calls.address(events);
  const turn = turnIndex(parts.worker);
  const drain = openDrain(parts);
  const clock = openClock();
  let cost = budget;
  for (;;) {
    const ready = calls.epollWait(epoll, address, eventsAtOnce, -1);
    Atomics.add(table.turns, turn, 1);
    lane.setTime(clock());
    let unfinished = 0;
    let heavy = 0;
    let both = 0;
    for (let at = 0; at < ready; at += 1) {
      const port = events[at * eventWords + dataWord] as number;
      if (port === 0) return;
      // A socket tells of single packets that failed that way.
      if (((events[at * eventWords] as number) & failed) !== 0 && port !== overlayPort) {
        giveUp(parts, port);
        continue;
      }
      const found = drain(port, cost);
      unfinished += found & hasMore;
      heavy += found >> 1;
      if (found === (hasMore | isHeavy)) both += 1;
    }
    // Does one wait for another that takes much? Otherwise who sends long packets is woken less often when more of them are taken at a time.
    cost = unfinished * heavy > both ? budget : unlimited;
    Atomics.add(table.turns, turn, 1);
  }
}

/** Takes packets of a port until it has none, or has used its budget, or what they may cost; tells which, as `hasMore` and `isHeavy`. */
function openDrain(parts: LoopParts): (port: number, cost: number) => number {
  const { calls, table, lane, overlay, batch } = parts;
  const { read } = calls;
  const { input, inputAddress } = lane;
  /** By port, up to `fewest`. */
  const small = new Uint8Array(portLimit);
  /** By port, what it has used beyond what it might: it has less the next time. */
  const owed = new Int32Array(portLimit);
  const hand = (port: number, packet: number, length: number): void => {
    if (port === hostPort) lane.takeFromHost(packet, length);
    else if (port === proxyPort) lane.takeFromProxy(packet, length);
    else lane.take(HOOK_FROM_POD, port, packet, length, 0);
  };
  return (port, cost) => {
    const descriptor = Atomics.load(table.descriptors, port);
    if (descriptor < 0) return 0;
    if (port === overlayPort) return overlay?.receive(descriptor, budget) ? hasMore | isHeavy : 0;
    let left = budget;
    let affordable = cost - (owed[port] as number);
    let isEmpty = false;
    while (left > 0 && affordable > 0 && !isEmpty) {
      if ((small[port] as number) < fewest || batch.room === 0) {
        const length = read(descriptor, inputAddress, mostBytes);
        if (length <= 0) {
          small[port] = 0;
          isEmpty = true;
          break;
        }
        left -= 1;
        affordable -= 1 + (length >> bytesShift);
        small[port] = length > slotBytes ? 0 : Math.min((small[port] as number) + 1, fewest);
        hand(port, input, length);
        continue;
      }
      const most = Math.min(left, batch.room);
      const came = batch.read(descriptor, most);
      isEmpty = came < most;
      // What is not there is asked for one at a time: each such question costs.
      if (came < most / 2) small[port] = 0;
      for (let index = 0; index < came; index += 1) {
        const length = batch.open(index);
        affordable -= 1 + (length >> bytesShift);
        if (length > slotBytes) small[port] = 0;
        hand(port, batch.packet, length);
      }
      left -= came;
      if (small[port] === 0) batch.flush();
    }
    batch.flush();
    owed[port] = Math.max(-affordable, 0);
    return (isEmpty ? 0 : hasMore) | (cost - affordable >= budget ? isHeavy : 0);
  };
}

/** A device that is gone has its descriptor ready for ever. */
function giveUp({ calls, table, epoll, lost }: LoopParts, port: number): void {
  const descriptor = Atomics.load(table.descriptors, port);
  if (descriptor < 0) return;
  calls.epollControl(epoll, remove, descriptor, 0);
  if (Atomics.compareExchange(table.descriptors, port, descriptor, -1) === descriptor) lost(port, descriptor);
}

/** Ticks of CLOCK_MONOTONIC as clock.ts has them, without the bigint. */
function openClock(): () => number {
  // Whoever is interrupted between the two looks has a clock that is late ever after: the latest of many is right.
  let offset = 0;
  for (let look = 0; look < clockLooks; look += 1) offset = Math.max(offset, Number(process.hrtime.bigint()) / 1e6 - performance.now());
  const perTick = 2 ** 24 / 1e6;
  return () => Math.floor((performance.now() + offset) / perTick) | 0;
}
