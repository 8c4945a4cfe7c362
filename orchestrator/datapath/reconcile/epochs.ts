// Epochs: the slots of addresses. Whoever changes what is known of an address moves its epoch afterwards, so that live flows are judged
// anew; whoever gives an address a meaning hints at it before. All writers on a node share one of these.

import { addressWords } from '../../net/words.ts';
import { addressSlot } from '../address-slot.ts';
import type { Datapath, DatapathMap } from '../datapath.ts';
import type { AddressSlot } from '../generated/layouts.ts';
import { epochsSpec } from '../generated/maps.ts';

export class Epochs {
  private readonly map: DatapathMap<number, AddressSlot>;
  private readonly slots = new Map<number, AddressSlot>();

  private constructor(map: DatapathMap<number, AddressSlot>) {
    this.map = map;
  }

  /** Goes on from what the datapath has. */
  static async open(datapath: Pick<Datapath, 'map'>): Promise<Epochs> {
    const epochs = new Epochs(datapath.map(epochsSpec));
    for await (const [slot, value] of epochs.map.entries()) epochs.slots.set(slot, value);
    return epochs;
  }

  /** Before an entry is written that a hint announces. A hint stays: one too many only costs time. */
  async hint(addresses: Iterable<string>, hint: number): Promise<void> {
    await this.change(addresses, (slot) => ({ ...slot, hints: slot.hints | hint }));
  }

  /** After everything that it announces was written. */
  async move(addresses: Iterable<string>): Promise<void> {
    await this.change(addresses, (slot) => ({ ...slot, epoch: (slot.epoch + 1) >>> 0 || 1 }));
  }

  private async change(addresses: Iterable<string>, next: (slot: AddressSlot) => AddressSlot): Promise<void> {
    const changed = new Map<number, AddressSlot>();
    for (const address of addresses) {
      const { hi, lo } = addressWords(address);
      const slot = addressSlot(hi, lo);
      const before = this.slots.get(slot) ?? { epoch: 0, hints: 0 };
      const after = next(before);
      if (after.epoch !== before.epoch || after.hints !== before.hints) changed.set(slot, after);
    }
    if (changed.size === 0) return;
    await this.map.update(changed);
    for (const [slot, value] of changed) this.slots.set(slot, value);
  }
}
