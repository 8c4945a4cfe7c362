// Spare places: addresses that nobody declared. A pod without an address gets one, everybody can be reached in both families, and a
// question about the destination alone is asked from a place that has the source's identity but no policy of its own.

import { formatAddress, parseAddress } from '../net/address.ts';
import { type Family, makePlace, type Place } from './place.ts';

/** Pods: of the range shared by carriers, where no cluster is expected. Others: no such address is ever on a wire. */
const ranges = {
  pod: { 4: '100.127.0.0', 6: 'fd64:7f::' },
  stand: { 4: '240.0.0.0', 6: '100::' },
} as const;

export class SparePlaces {
  private readonly taken = { pod: { 4: 0, 6: 0 }, stand: { 4: 0, 6: 0 } };

  /** The next address that `isUsed` does not know. */
  next(range: keyof typeof ranges, family: Family, isUsed: (text: string) => boolean): Place {
    for (;;) {
      this.taken[range][family] += 1;
      const bytes = parseAddress(ranges[range][family]);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      // 65,536 of IPv4 pods, and more than anybody needs of the others.
      view.setUint32(bytes.length - 4, view.getUint32(bytes.length - 4) + this.taken[range][family]);
      if (!isUsed(formatAddress(bytes))) return makePlace(bytes);
    }
  }
}
