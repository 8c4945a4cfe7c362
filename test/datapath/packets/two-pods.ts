// Two pods and a policy between them: what most cases about policy start from.

import { type CasePacket, tcp } from '../../support/packet.ts';
import type { PacketStep } from './case.ts';
import type { State } from './state.ts';

export const to = (port: number, from = 40000): CasePacket => tcp(`client:${from} > server:${port}`, 'S');

/** The client's egress is enforced by these rules; the server takes what comes. */
export function egress(...rules: string[]): State {
  return {
    endpoints: { client: { identity: 100, policySet: 1, enforced: 'egress' }, server: { identity: 200 } },
    policies: { 1: rules },
  };
}

/** The server's ingress is enforced by these rules; the client may send. */
export function ingress(...rules: string[]): State {
  return {
    endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 2, enforced: 'ingress' } },
    policies: { 2: rules },
  };
}

export const allowed = (packet: CasePacket, egressRule: number): PacketStep => ({
  packet,
  verdict: 'local server',
  record: { egressRule },
});
export const denied = (packet: CasePacket, egressRule = 0): PacketStep => ({
  packet,
  verdict: egressRule === 0 ? 'drop policy denied' : 'drop policy deny',
  event: 'drop',
  record: { egressRule },
  flow: { absent: true },
});
export const proxied = (packet: CasePacket, port: number, egressRule: number): PacketStep => ({
  packet,
  verdict: `proxy ${port}`,
  record: { egressRule },
});
