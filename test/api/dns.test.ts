// What the API tells of names, over real sockets: the log with its filters, what pods were told, and what is said when nobody answers.
import t from 'tap';
import { DnsControl } from '../../orchestrator/agent/dns-control.ts';
import { dnsView } from '../../orchestrator/agent/dns-view.ts';
import { openClient } from '../../orchestrator/api/client.ts';
import type { DnsFlow } from '../../orchestrator/dns/log/dns-flow.ts';
import { openView } from '../../orchestrator/enforcement/view.ts';
import { openDns } from './dns.ts';
import { openNode } from './node.ts';
import { ask } from './raw.ts';

const dns = await openDns();
const node = await openNode({ viewOf: (view) => ({ ...view, dns: dns.view }) });
t.teardown(async () => {
  await node.close();
  dns.close();
});
const { read, write } = node.api.sockets;
const client = openClient({ socket: read });

async function logged(query: Record<string, string | number | boolean>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of client.lines('/v1/dns/log', query)) {
    const { source, destination, verdict, l7 } = line as DnsFlow;
    lines.push(`${source.pod_name ?? destination.pod_name} ${l7.type} ${l7.dns.query} ${verdict}`);
  }
  return lines;
}

dns.ask('web', 'api.example.com.');
dns.ask('cart', 'other.org.', false);
dns.ask('web', 'www.example.com.');

t.test('the log is told as it is asked for', async (t) => {
  const api = ['web REQUEST api.example.com FORWARDED', 'web RESPONSE api.example.com FORWARDED'];
  const www = ['web REQUEST www.example.com FORWARDED', 'web RESPONSE www.example.com FORWARDED'];
  const other = 'cart REQUEST other.org DROPPED';
  const texts = (lines: string[]) => lines.map((line) => line.replaceAll('. ', ' '));
  t.same(texts(await logged({})), [...api, other, ...www]);
  t.same(texts(await logged({ limit: 1 })), www.slice(1));
  t.same(texts(await logged({ pod: 'shop/cart' })), [other]);
  t.same(texts(await logged({ verdict: 'DROPPED' })), [other]);
  t.same(texts(await logged({ name: 'www.*.com' })), www);
  t.same(texts(await logged({ since: Date.now() + 60_000 })), []);
});

t.test('who follows hears of what comes, until it leaves', async (t) => {
  const ending = new AbortController();
  const heard: string[] = [];
  const following = (async () => {
    for await (const line of client.lines('/v1/dns/log', { follow: true, pod: 'shop/cart' }, ending.signal))
      heard.push((line as DnsFlow).l7.dns.query);
  })();
  for (const signal = AbortSignal.timeout(20_000); heard.length === 0; ) {
    signal.throwIfAborted();
    dns.ask('web', 'unheard.example.com.');
    dns.ask('cart', 'later.example.com.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ending.abort();
  await following;
  t.match(heard[0], /^later\.example\.com/);
  t.notOk(heard.some((name) => name.startsWith('unheard')));
});

t.test('what pods were told is shown, and taken back on the socket for writing alone', async (t) => {
  const items = async (query = {}) =>
    ((await client.get('/v1/dns/cache', query)) as { items: { pod: string }[] }).items.map(({ pod }) => pod);
  t.same(await items(), ['web', 'cart']);
  t.same(await items({ address: '203.0.113.11' }), ['cart']);
  t.same(await items({ endpoint: 11 }), ['web']);
  t.equal((await ask(read, '/v1/dns/cache?address=300.1.1.1')).status, 400);
  t.equal((await ask(read, '/v1/dns/cache', { method: 'DELETE' })).status, 403);
  t.same(await openClient({ socket: write }).delete('/v1/dns/cache', { endpoint: 11 }), { names: 1 });
  t.same(await items(), ['cart']);
  t.same(await client.get('/v1/dns/names'), {
    items: [
      { selector: 'name:other.example.com', identity: 0x1000006, grants: 0 },
      { selector: 'pattern:*.example.com', identity: 0x1000005, grants: 1 },
    ],
  });
});

t.test('a proxy that is off, not needed or away is told as such', async (t) => {
  const identities = openView().identities.table;
  const nobody = dnsView({ proxy: { state: 'away', connect: () => DnsControl.connect('/nobody.sock') }, identities });
  const idle = await openDns('idle');
  t.teardown(() => idle.close());
  const views = { off: undefined, away: nobody, idle: idle.view };
  for (const [state, status] of Object.entries({ off: 503, away: 503, idle: 200 })) {
    const other = await openNode({
      viewOf: (view) => {
        const shown = views[state as keyof typeof views];
        return shown === undefined ? view : { ...view, dns: shown };
      },
    });
    for (const path of ['log', 'cache', 'names'])
      t.equal((await ask(other.api.sockets.read, `/v1/dns/${path}`)).status, status, `${state}: ${path}`);
    await other.close();
  }
});
