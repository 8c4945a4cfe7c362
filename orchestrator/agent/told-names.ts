// Told names: for which DNS names a pod was told an address, asked of the DNS proxy when an event speaks of one, and kept for a while. Flows
// wait for the answer for a moment, and only so many of them.

import { DIRECTION_EGRESS } from '../datapath/generated/enums.ts';
import type { PacketEvent } from '../flows/named-event.ts';
import { wordText } from '../net/words.ts';
import type { DnsProxy } from './dns-proxy.ts';

const answerMs = 250;
/** Names change with the next answer that a pod gets. */
const keptMs = 3000;
/** Whoever did not answer in time may do so soon. */
const silentMs = 300;
const mostKept = 4096;
/** Questions in a tenth of a second: a pod that tries out addresses costs no more. */
const mostInTenth = 20;
const tenthMs = 100;

interface Kept {
  readonly names: readonly string[];
  readonly until: number;
}

export class ToldNames {
  private readonly proxy: Pick<DnsProxy, 'hasEndpoint' | 'namesOf'>;
  private readonly now: () => number;
  /** In the order in which they came. */
  private readonly kept = new Map<string, Kept>();
  private tenth = 0;
  private asked = 0;

  constructor(proxy: Pick<DnsProxy, 'hasEndpoint' | 'namesOf'>, now: () => number = () => performance.now()) {
    this.proxy = proxy;
    this.now = now;
  }

  find(endpoint: number, address: string): readonly string[] | undefined {
    return this.kept.get(keyOf(endpoint, address))?.names;
  }

  /** Undefined when there is nothing to wait for. */
  prepare({ direction, endpoint, destinationHi, destinationLo }: Wanted): Promise<void> | undefined {
    if (direction !== DIRECTION_EGRESS || !this.proxy.hasEndpoint(endpoint)) return undefined;
    const address = wordText({ hi: destinationHi, lo: destinationLo });
    const known = this.kept.get(keyOf(endpoint, address));
    if (known !== undefined && known.until > this.now()) return undefined;
    return this.mayAsk() ? this.ask(endpoint, address) : undefined;
  }

  private async ask(endpoint: number, address: string): Promise<void> {
    const names = await this.proxy.namesOf(endpoint, address, answerMs);
    const key = keyOf(endpoint, address);
    this.kept.delete(key);
    this.kept.set(key, { names: names ?? [], until: this.now() + (names === undefined ? silentMs : keptMs) });
    if (this.kept.size <= mostKept) return;
    const [oldest] = this.kept.keys();
    this.kept.delete(oldest as string);
  }

  private mayAsk(): boolean {
    const tenth = Math.floor(this.now() / tenthMs);
    if (tenth !== this.tenth) {
      this.tenth = tenth;
      this.asked = 0;
    }
    this.asked += 1;
    return this.asked <= mostInTenth;
  }
}

type Wanted = Pick<PacketEvent, 'direction' | 'endpoint' | 'destinationHi' | 'destinationLo'>;

function keyOf(endpoint: number, address: string): string {
  return `${endpoint} ${address}`;
}
