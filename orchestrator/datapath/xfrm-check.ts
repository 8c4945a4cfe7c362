// Xfrm check: whether this kernel takes a security association with an algorithm: struct xfrm_usersa_info and its algorithms, as in
// linux/xfrm.h.

import type { Libc } from './kernel/libc.ts';
import { Netlink, netlinkFlag } from './kernel/netlink.ts';

interface Part {
  /** XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_ALG_AEAD. */
  readonly attribute: 1 | 2 | 18;
  readonly algorithm: string;
  readonly keyBits: number;
  /** Of the integrity check, of an AEAD. */
  readonly checkBits?: number;
}

export interface EspAlgorithm {
  readonly name: string;
  readonly enables: string;
  readonly parts: readonly Part[];
}

export const espAlgorithms: readonly EspAlgorithm[] = [
  {
    name: 'AES-GCM',
    enables: 'encryption between nodes in the kernel',
    parts: [{ attribute: 18, algorithm: 'rfc4106(gcm(aes))', keyBits: 160, checkBits: 128 }],
  },
  {
    name: 'ChaCha20-Poly1305',
    enables: 'the same on processors without AES',
    parts: [{ attribute: 18, algorithm: 'rfc7539esp(chacha20,poly1305)', keyBits: 288, checkBits: 128 }],
  },
  {
    name: 'AES-CBC, HMAC-SHA256',
    enables: 'the same with older kernels',
    parts: [
      { attribute: 1, algorithm: 'hmac(sha256)', keyBits: 256 },
      { attribute: 2, algorithm: 'cbc(aes)', keyBits: 128 },
    ],
  },
];

/** NETLINK_XFRM; XFRM_MSG_NEWSA. */
const [protocol, newAssociation] = [6, 16];
const [infoBytes, nameBytes] = [224, 64];
/** Offsets in struct xfrm_usersa_info: id, saddr, family, mode. */
const at = { destination: 56, spi: 72, protocol: 76, source: 80, family: 212, mode: 214 } as const;
const [esp, ipv4, tunnel] = [50, 2, 1];

/** 0, or -errno: in this thread's network namespace, where the association then is. */
export function tryAlgorithm(libc: Libc, { parts }: EspAlgorithm): number {
  const info = new Uint8Array(infoBytes);
  const view = new DataView(info.buffer);
  info.set([192, 0, 2, 1], at.destination);
  info.set([192, 0, 2, 2], at.source);
  view.setUint32(at.spi, 0x100);
  view.setUint8(at.protocol, esp);
  view.setUint16(at.family, ipv4, true);
  view.setUint8(at.mode, tunnel);
  // Soft and hard limits of struct xfrm_lifetime_cfg: none.
  for (let limit = 96; limit < 128; limit += 8) view.setBigUint64(limit, 0xffffffffffffffffn, true);
  using socket = new Netlink(libc, protocol);
  const body = Buffer.concat([info, ...parts.map(attributeOf)]);
  return socket.request(newAssociation, netlinkFlag.create | netlinkFlag.exclusive, body);
}

/** The key does not matter. */
function attributeOf({ attribute, algorithm, keyBits, checkBits }: Part): Uint8Array {
  const header = nameBytes + (checkBits === undefined ? 4 : 8);
  const bytes = new Uint8Array((4 + header + keyBits / 8 + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + header + keyBits / 8, true);
  view.setUint16(2, attribute, true);
  bytes.set(new TextEncoder().encode(algorithm), 4);
  view.setUint32(4 + nameBytes, keyBits, true);
  if (checkBits !== undefined) view.setUint32(8 + nameBytes, checkBits, true);
  bytes.fill(7, 4 + header);
  return bytes;
}
