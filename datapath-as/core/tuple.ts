// Tuples: copying, reversing, and the one key that both directions of a flow share.

import { Facts } from './layout/packet';
import { FlowKey, Tuple } from './layout/tuple';

/** The tuple with which facts begin. */
export function tupleOf(facts: Facts): Tuple {
  return changetype<Tuple>(changetype<usize>(facts) + offsetof<Facts>('sourceHi'));
}

export function copyTuple(from: Tuple, to: Tuple): void {
  to.sourceHi = from.sourceHi;
  to.sourceLo = from.sourceLo;
  to.destinationHi = from.destinationHi;
  to.destinationLo = from.destinationLo;
  to.sourcePort = from.sourcePort;
  to.destinationPort = from.destinationPort;
  to.protocol = from.protocol;
  to.pad0 = 0;
  to.pad1 = 0;
}

/** The tuple of the answer: addresses and ports change sides. `from` and `to` are different tuples. */
export function reverseTuple(from: Tuple, to: Tuple): void {
  to.sourceHi = from.destinationHi;
  to.sourceLo = from.destinationLo;
  to.destinationHi = from.sourceHi;
  to.destinationLo = from.sourceLo;
  to.sourcePort = from.destinationPort;
  to.destinationPort = from.sourcePort;
  to.protocol = from.protocol;
  to.pad0 = 0;
  to.pad1 = 0;
}

/** Writes the flow key of a tuple; 1 if the tuple's source is the key's high side. */
export function flowKeyOf(tuple: Tuple, key: FlowKey): u32 {
  const sourceHi: u64 = tuple.sourceHi;
  const sourceLo: u64 = tuple.sourceLo;
  const destinationHi: u64 = tuple.destinationHi;
  const destinationLo: u64 = tuple.destinationLo;
  const sourcePort: u16 = tuple.sourcePort;
  const destinationPort: u16 = tuple.destinationPort;
  key.protocol = tuple.protocol;
  key.pad0 = 0;
  key.pad1 = 0;
  const high: bool =
    sourceHi > destinationHi ||
    (sourceHi == destinationHi && (sourceLo > destinationLo || (sourceLo == destinationLo && sourcePort > destinationPort)));
  if (high) {
    key.lowHi = destinationHi;
    key.lowLo = destinationLo;
    key.highHi = sourceHi;
    key.highLo = sourceLo;
    key.lowPort = destinationPort;
    key.highPort = sourcePort;
    return 1;
  }
  key.lowHi = sourceHi;
  key.lowLo = sourceLo;
  key.highHi = destinationHi;
  key.highLo = destinationLo;
  key.lowPort = sourcePort;
  key.highPort = destinationPort;
  return 0;
}
