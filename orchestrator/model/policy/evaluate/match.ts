// Match: whom the peers of a rule mean, and which packets its traffic.

import { containsPrefix, type Prefix } from '../../../net/prefix.ts';
import type { Identity } from '../../identity.ts';
import { selects } from '../../selector.ts';
import type { Peer, PortName, PortRange, Traffic } from '../rule.ts';

/** Names have no labels and no prefix, so nothing but their own selector (or every peer) means them. References mean nobody. */
export function meansPeer(peer: Peer, identity: Identity): boolean {
  switch (peer.kind) {
    case 'any':
      return true;
    case 'labels':
      return identity.names === undefined && selects(peer.selector, identity.labels);
    case 'prefix':
      return identity.prefix !== undefined && meansPrefix(peer, identity.prefix);
    case 'name':
      return identity.names?.includes(peer.name.text) ?? false;
    default:
      return false;
  }
}

/** Within the prefix, and within none of the excepted; a prefix that only overlaps an excepted one is still meant. */
export function meansPrefix({ prefix, except }: Extract<Peer, { kind: 'prefix' }>, asked: Prefix): boolean {
  return containsPrefix(prefix, asked) && !except.some((excepted) => containsPrefix(excepted, asked));
}

export function isPortName(ports: Traffic['ports']): ports is PortName {
  return 'name' in ports;
}

export function inRange({ first, last }: PortRange, port: number): boolean {
  return port >= first && port <= last;
}
