// Flow purge: connections of an address are forgotten before anybody else may have it. Everybody who asks while a scan is under way
// shares the next one.

import type { Datapath, DatapathMap } from '../datapath/datapath.ts';
import { affinitySpec, conntrackSpec, translationsSpec } from '../datapath/generated/maps.ts';
import { addressWords } from '../net/words.ts';

interface Waiting {
  readonly addresses: ReadonlySet<string>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Keys that go in one call. */
const batch = 1_000;

export class FlowPurge {
  private readonly datapath: Pick<Datapath, 'map'>;
  private waiting: Waiting[] = [];
  private isUnderWay = false;

  constructor(datapath: Pick<Datapath, 'map'>) {
    this.datapath = datapath;
  }

  forget(addresses: Iterable<string>): Promise<void> {
    const texts = new Set([...addresses].map((address) => textOf(addressWords(address))));
    return new Promise((done, failed) => {
      this.waiting.push({ addresses: texts, done, failed });
      if (!this.isUnderWay) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.isUnderWay = true;
    while (this.waiting.length > 0) {
      const going = this.waiting;
      this.waiting = [];
      const all = new Set(going.flatMap(({ addresses }) => [...addresses]));
      try {
        await this.purge(all);
        for (const { done } of going) done();
      } catch (error) {
        for (const { failed } of going) failed(error);
      }
    }
    this.isUnderWay = false;
  }

  private async purge(addresses: ReadonlySet<string>): Promise<void> {
    const has = (hi: bigint, lo: bigint) => addresses.has(textOf({ hi, lo }));
    await drop(this.datapath.map(conntrackSpec), (key) => has(key.lowHi, key.lowLo) || has(key.highHi, key.highLo));
    await drop(this.datapath.map(translationsSpec), (key) => has(key.sourceHi, key.sourceLo) || has(key.destinationHi, key.destinationLo));
    await drop(this.datapath.map(affinitySpec), (key) => has(key.clientHi, key.clientLo));
  }
}

/** Found first: deleting under a scan makes some maps begin anew. */
export async function drop<K, V>(map: DatapathMap<K, V>, isMeant: (key: K, value: V) => boolean): Promise<number> {
  const found: K[] = [];
  for await (const [key, value] of map.entries()) if (isMeant(key, value)) found.push(key);
  for (let from = 0; from < found.length; from += batch) await map.delete(found.slice(from, from + batch));
  return found.length;
}

function textOf({ hi, lo }: { readonly hi: bigint; readonly lo: bigint }): string {
  return `${hi} ${lo}`;
}
