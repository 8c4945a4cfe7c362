// The agent at the DNS proxy's control socket: long answers, and requests that nobody would make.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { DnsControl } from '../../orchestrator/agent/dns-control.ts';
import type { CacheRow } from '../../orchestrator/dns/control-line.ts';
import { LogRing } from '../../orchestrator/dns/log/log-ring.ts';
import { serveControl } from '../../orchestrator/dns/process/control-server.ts';

t.setTimeout(60_000);

async function open(t: { teardown(end: () => unknown): void }, answer: () => unknown): Promise<DnsControl> {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-dns-control-'));
  const path = join(folder, 'control.sock');
  const log = { ring: new LogRing(4096), naming: { node: 'a', pod: () => undefined } };
  const server = await serveControl({ path, log, answer });
  const control = await DnsControl.connect(path);
  t.teardown(() => {
    control[Symbol.dispose]();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return control;
}

t.test('what a full node was told is one answer, however long', async (t) => {
  const rows = Array.from({ length: 20_000 }, (_, index): CacheRow => {
    const [endpoint, address] = [index % 200, `203.0.113.${index % 250}`];
    const name = `${'label.'.repeat(20)}n${index}.example.com.`;
    return { endpoint, namespace: 'shop', pod: `web-${endpoint}`, name, address, ttl: 25, expires: '2026-01-02T03:04:35.000Z' };
  });
  const control = await open(t, () => rows);
  t.strictSame(await control.call<CacheRow[]>({ call: 'cache', limit: rows.length }, 40_000), rows);
});

t.test('a request longer than any that means something ends its connection', async (t) => {
  const control = await open(t, () => []);
  await t.rejects(control.call({ call: 'cache', name: 'x'.repeat(100_000) }, 40_000), { code: 'DNS_PROXY_UNREACHABLE' });
  await control.closed;
});
