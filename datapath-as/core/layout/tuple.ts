// Tuples name flows. Addresses are 128 bits in network order, read as two little-endian words; IPv4 is v4-mapped
// (::ffff:a.b.c.d), so that one map and one piece of code serve both families. Ports are in network order.

/** An address by itself: key of `endpoints`. 16 bytes. */
@unmanaged
export class Address {
  hi: u64;
  lo: u64;
}

/** A flow as one packet of it travels: key of `translations` (client, client port, frontend, frontend port). 40 bytes. */
@unmanaged
export class Tuple {
  sourceHi: u64;
  sourceLo: u64;
  destinationHi: u64;
  destinationLo: u64;
  sourcePort: u16;
  destinationPort: u16;
  protocol: u8;
  pad0: u8;
  pad1: u16;
}

/**
 * A flow regardless of direction: key of `conntrack`. The side with the lower (address, port) comes first, so that one
 * lookup finds the flow from either side and a flow costs one entry. 40 bytes.
 */
@unmanaged
export class FlowKey {
  lowHi: u64;
  lowLo: u64;
  highHi: u64;
  highLo: u64;
  lowPort: u16;
  highPort: u16;
  protocol: u8;
  pad0: u8;
  pad1: u16;
}
