// Flow purge: connections of an address are forgotten before anybody else may have it. Everybody who asks while a scan is under way
// shares the next one.

import type { Datapath } from '../datapath/datapath.ts';
import { dropEntries } from '../datapath/drop-entries.ts';
import { affinitySpec, conntrackSpec, translationsSpec } from '../datapath/generated/maps.ts';
import { addressWords } from '../net/words.ts';

interface Waiting {
  readonly addresses: ReadonlySet<string>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

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
    await dropEntries(this.datapath.map(conntrackSpec), (key) => has(key.lowHi, key.lowLo) || has(key.highHi, key.highLo));
    await dropEntries(
      this.datapath.map(translationsSpec),
      (key) => has(key.sourceHi, key.sourceLo) || has(key.destinationHi, key.destinationLo),
    );
    await dropEntries(this.datapath.map(affinitySpec), (key) => has(key.clientHi, key.clientLo));
  }
}

function textOf({ hi, lo }: { readonly hi: bigint; readonly lo: bigint }): string {
  return `${hi} ${lo}`;
}
