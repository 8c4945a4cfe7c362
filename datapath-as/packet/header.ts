// Header: what walking one IP header chain found, and where. Addresses are linear-memory addresses; the walkers fill it, the
// rewriter follows it.

/** 36 bytes; one for the packet itself, one for the packet that an ICMP error quotes. */
@unmanaged
export class Header {
  network: u32;
  /** Behind the last byte: before the walk of those that are present, after it of the packet as its header states. */
  end: u32;
  /** Where the transport header starts, 0 before it was found. */
  transport: u32;
  family: u32;
  protocol: u32;
  /** Bytes from the IP header on, as the header states. */
  length: u32;
  /** Bytes of the datagram before this fragment. */
  fragmentOffset: u32;
  /** Not 0: more fragments follow. */
  moreFragments: u32;
  fragmentId: u32;
}

export function openHeader(header: Header, network: u32, end: u32): void {
  header.network = network;
  header.end = end;
  header.transport = 0;
  header.family = 0;
  header.protocol = 0;
  header.length = end - network;
  header.fragmentOffset = 0;
  header.moreFragments = 0;
  header.fragmentId = 0;
}
