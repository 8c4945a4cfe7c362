// Names that follow from what the runtime calls a pod's interface: they are the same after a crash, whoever asks.

import { createHash } from 'node:crypto';
import { attachmentKey, type PodInterface } from './interfaces.ts';

type Attachment = Pick<PodInterface, 'containerId' | 'ifname'>;

/** The host's end; 13 characters, of which an interface may have 15. */
export function deviceName({ containerId, ifname }: Attachment): string {
  return `axn${createHash('sha256')
    .update(containerId + ifname)
    .digest('hex')
    .slice(0, 10)}`;
}

/** Unicast, locally administered, and of nobody else with all but certainty: 46 bits of a hash. */
export function macOf(attachment: Attachment, end: 'pod' | 'host'): string {
  const hash = createHash('sha256')
    .update(`${end} ${attachmentKey(attachment)}`)
    .digest();
  const bytes = [((hash[0] ?? 0) & 0xfc) | 0x02, ...hash.subarray(1, 6)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
