// Frame: the Ethernet header that kernel programs see in front of an IP packet.

export const ethernetBytes = 14;

const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd } as const;

/**
 * The packet behind a header of zero addresses, which the kernel takes as meant for itself, filled up with zeros to `shortest`
 * bytes of packet. The type is IPv6 if the packet says 6.
 */
export function framed(packet: Uint8Array, shortest = 0): Uint8Array {
  const frame = new Uint8Array(ethernetBytes + Math.max(packet.length, shortest));
  const isIpv6 = (packet[0] ?? 0) >> 4 === 6;
  new DataView(frame.buffer).setUint16(12, isIpv6 ? etherTypes.ipv6 : etherTypes.ipv4);
  frame.set(packet, ethernetBytes);
  return frame;
}
