// Access log: a record of each request and each answer in the ring, with what the engine knows of them.

import type { LearnedAnswer } from '../learned-answer.ts';
import { type DnsVerdict, LogEntry } from '../log/log-entry.ts';
import { LogRing } from '../log/log-ring.ts';
import { type AddressKey, writeMapped } from './address-key.ts';
import type { Failure } from './counters.ts';

/** Room for about a hundred thousand records. */
const ringBytes = 16 << 20;

/** Who asked whom for what. */
export interface Exchange {
  readonly endpoint: number;
  readonly protocol: number;
  readonly podAddress: AddressKey;
  readonly podPort: number;
  readonly server: AddressKey;
  /** Host order. */
  readonly serverPort: number;
  readonly serverIdentity: number;
  readonly name: string;
  readonly type: number;
  /** The one that allowed it, or empty. */
  readonly rule: string;
}

/** What became of it. */
export interface Told {
  /** What the pod gets. */
  readonly rcode: number;
  /** Milliseconds since the query. */
  readonly elapsed: number;
  /** What the server's answer held; undefined: there was none, or none that could be read. */
  readonly learned: LearnedAnswer | undefined;
}

const reasons: Readonly<Record<Failure | 'refused', string>> = {
  refused: 'not allowed by policy',
  failedPodFull: 'the pod has too many queries outstanding',
  failedFull: 'too many queries are outstanding',
  failedDeadline: 'no answer in time',
  failedUnsent: 'the server cannot be reached',
  failedUnreadable: 'the answer cannot be read',
  failedPrivate: 'the answer names a private address',
  failedPodGrants: 'the pod has too many addresses',
  failedPlaces: 'an address has too many names',
  failedMap: 'no room for more grants',
};

export class AccessLog {
  readonly ring: LogRing;
  private readonly entry = new LogEntry();
  /** Of pod and server, as they were written last. */
  private readonly addresses = new Uint8Array(32);
  private readonly written: [pod: AddressKey, server: AddressKey] = ['', ''];
  /** Milliseconds of the caller's clock. */
  private now = Number.NaN;

  constructor(bytes = ringBytes) {
    this.ring = new LogRing(bytes);
    this.entry.pod = this.addresses;
    this.entry.server = this.addresses;
    this.entry.serverAt = 16;
  }

  /** What has the same `now`, in milliseconds of the caller's clock, has the same time in the log: the clock is not asked for each. */
  request(exchange: Exchange, cause: Failure | 'refused' | undefined, now = Number.NaN): void {
    const { entry } = this;
    entry.isAnswer = false;
    entry.rcode = 0;
    entry.latencyNs = 0;
    entry.learned = undefined;
    this.write(exchange, cause, now);
  }

  answer(exchange: Exchange, cause: Failure | undefined, { rcode, elapsed, learned }: Told, now = Number.NaN): void {
    const { entry } = this;
    entry.isAnswer = true;
    entry.rcode = rcode;
    entry.latencyNs = elapsed * 1e6;
    entry.learned = learned;
    this.write(exchange, cause, now);
  }

  private write(exchange: Exchange, cause: Failure | 'refused' | undefined, now: number): void {
    const { entry } = this;
    const verdict: DnsVerdict = cause === undefined ? 'forwarded' : cause === 'refused' ? 'dropped' : 'error';
    this.writeAddress(0, exchange.podAddress);
    this.writeAddress(1, exchange.server);
    if (now !== this.now) {
      this.now = now;
      entry.time = Date.now();
    }
    entry.verdict = verdict;
    entry.endpoint = exchange.endpoint;
    entry.protocol = exchange.protocol;
    entry.podPort = exchange.podPort;
    entry.serverPort = exchange.serverPort;
    entry.serverIdentity = exchange.serverIdentity;
    entry.name = exchange.name;
    entry.type = exchange.type;
    entry.rule = exchange.rule;
    entry.reason = cause === undefined ? '' : reasons[cause];
    this.ring.write(entry);
  }
  private writeAddress(which: 0 | 1, address: AddressKey): void {
    if (this.written[which] === address) return;
    this.written[which] = address;
    writeMapped(address, this.addresses, which * 16);
  }
}
