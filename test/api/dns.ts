// DNS to be shown: the access log and the control socket of a DNS proxy, with what it would say of two pods, and the agent's view of it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DnsControl } from '../../orchestrator/agent/dns-control.ts';
import { dnsView } from '../../orchestrator/agent/dns-view.ts';
import type { DnsView } from '../../orchestrator/api/view.ts';
import type { CacheRow, Call } from '../../orchestrator/dns/control-line.ts';
import { AccessLog } from '../../orchestrator/dns/engine/access-log.ts';
import { addressKey } from '../../orchestrator/dns/engine/address-key.ts';
import { serveControl } from '../../orchestrator/dns/process/control-server.ts';
import { openView } from '../../orchestrator/enforcement/view.ts';
import { AgentError } from '../../orchestrator/errors.ts';
import { matchesName } from '../../orchestrator/model/policy/name-match.ts';
import { pods } from './node.ts';

const rule = 'cnp/shop/web spec.egress[0]';
const row = (pod: 'web' | 'cart', name: string, address: string, ttl: number): CacheRow => {
  const expires = '2026-01-02T03:04:35.000Z';
  return { endpoint: pods[pod].id, namespace: 'shop', pod, name, address, ttl, expires };
};

export interface ShownDns {
  readonly view: DnsView;
  readonly log: AccessLog;
  /** A pod asks; what becomes of it is written. */
  ask(pod: 'web' | 'cart', name: string, isAllowed?: boolean): void;
  close(): void;
}

export async function openDns(state: 'serving' | 'idle' = 'serving'): Promise<ShownDns> {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-dns-'));
  mkdirSync(join(folder, 'dns'));
  const path = join(folder, 'dns', 'control.sock');
  const log = new AccessLog(1 << 20);
  const rows = [row('web', 'api.example.com.', '203.0.113.10', 25), row('cart', 'api.example.com.', '203.0.113.11', 0)];
  const chosen =
    ({ name, endpoint, address }: { name?: string; endpoint?: number; address?: string }) =>
    (one: CacheRow) => {
      const isNamed = name === undefined || matchesName({ kind: name.includes('*') ? 'pattern' : 'name', value: name }, one.name);
      return isNamed && (endpoint ?? one.endpoint) === one.endpoint && (address ?? one.address) === one.address;
    };
  const answer = (call: Call): unknown => {
    if (call.call === 'cache') return rows.filter(chosen(call));
    if (call.call === 'names') return [{ selector: 'pattern:*.example.com', identity: 0x1000005, grants: 1 }];
    if (call.call !== 'clean') throw new AgentError('DNS_PROXY_REFUSED', `no such call: ${call.call}`);
    const gone = rows.filter(chosen(call));
    for (const one of gone) rows.splice(rows.indexOf(one), 1);
    return { names: gone.length };
  };
  const naming = {
    node: 'a',
    pod: (endpoint: number) => {
      const found = Object.entries(pods).find(([, { id }]) => id === endpoint);
      return found && { namespace: 'shop', pod: found[0], identity: found[1].identity, labels: found[1].labels };
    },
  };
  const server = await serveControl({ path, log: { ring: log.ring, naming }, answer });
  const { identities } = openView();
  identities.writer.put({ number: 0x1000005, labels: ['pattern:*.example.com'], scope: 'local', prefix: '', endpoints: 0 });
  identities.writer.put({ number: 0x1000006, labels: ['name:other.example.com'], scope: 'local', prefix: '', endpoints: 0 });
  return {
    view: dnsView({ proxy: { state, connect: () => DnsControl.connect(path) }, identities: identities.table }),
    log,
    ask(pod, name, isAllowed = true) {
      const { id, addresses } = pods[pod];
      const place = {
        endpoint: id,
        protocol: 17,
        podAddress: addressKey(addresses[0]),
        podPort: 40_000,
        serverPort: 53,
        serverIdentity: 65_540,
      };
      const exchange = { ...place, server: addressKey('10.11.1.9'), name, type: 1, rule: isAllowed ? rule : '' };
      log.request(exchange, isAllowed ? undefined : 'refused');
      if (isAllowed) log.answer(exchange, undefined, { rcode: 0, elapsed: 1.5, learned: undefined });
    },
    close() {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
