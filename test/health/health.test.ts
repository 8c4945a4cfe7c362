// Probes between nodes: over real sockets, and in rounds of a virtual clock.
import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { Health, type HealthNode } from '../../orchestrator/health/health.ts';
import { probe } from '../../orchestrator/health/probe.ts';
import { openResponder } from '../../orchestrator/health/responder.ts';
import { healthChecks, healthSamples } from '../../orchestrator/health/verdict.ts';
import { Metrics } from '../../orchestrator/metrics.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

const signal = new AbortController().signal;
const wallClock = () => Date.UTC(2026, 0, 2, 3, 0, 0);

t.test('a node that listens is reached over both families, and tells its name', async (t) => {
  await using responder = await openResponder({ node: 'b', port: 0 });
  for (const address of ['127.0.0.1', '::1']) {
    const result = await probe({ address, port: responder.port, timeoutMs: 1000 });
    t.match(result, { isReached: true, node: 'b' }, address);
  }
});

t.test('the responder answers nothing else', async (t) => {
  await using responder = await openResponder({ node: 'b', port: 0 });
  for (const [path, method] of [
    ['/', 'GET'],
    ['/healthz', 'POST'],
    ['/../healthz', 'GET'],
  ] as const) {
    const { status } = await fetch(`http://127.0.0.1:${responder.port}${path}`, { method }).catch(() => ({ status: 0 }));
    // fetch itself resolves `..`.
    t.equal(status, path === '/../healthz' ? 200 : 404, `${method} ${path}`);
  }
});

t.test('a probe that fails says why: nobody there, silence, somebody else', async (t) => {
  t.same(await probe({ address: '127.0.0.1', port: 1, timeoutMs: 1000 }), { isReached: false, error: 'nobody listens there' });
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  t.same(await probe({ address: '127.0.0.1', port, timeoutMs: 50 }), { isReached: false, error: 'no answer within 0.05 s' });
  silent.close();
  const babbler = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello');
  });
  babbler.listen(0, '127.0.0.1');
  await once(babbler, 'listening');
  const result = await probe({ address: '127.0.0.1', port: (babbler.address() as { port: number }).port, timeoutMs: 1000 });
  t.same(result, { isReached: false, error: 'the answer is not that of an agent' });
  babbler.close();
});

t.test('an endless answer ends the probe', async (t) => {
  const flood = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    const timer = setInterval(() => socket.write('x'.repeat(10_000)), 1);
    socket.on('close', () => clearInterval(timer));
  });
  flood.listen(0, '127.0.0.1');
  await once(flood, 'listening');
  const result = await probe({ address: '127.0.0.1', port: (flood.address() as { port: number }).port, timeoutMs: 2000 });
  t.same(result, { isReached: false, error: 'the answer is not that of an agent' });
  flood.close();
});

function world(reached: (address: string) => boolean) {
  const nodes: HealthNode[] = [
    { node: 'a', underlay: '172.31.0.1', pods: '10.11.0.1' },
    { node: 'b', underlay: '172.31.0.2', pods: '10.11.1.1' },
  ];
  const asked: string[] = [];
  const clock = new VirtualClock();
  const health = new Health({
    nodes: () => nodes,
    clock,
    intervalMs: 60_000,
    wallClock,
    async ask({ address }) {
      asked.push(address);
      const node = nodes.find(({ underlay, pods }) => address === underlay || address === pods)?.node ?? '?';
      return reached(address) ? { isReached: true, ms: 0.5, node } : { isReached: false, error: 'nobody listens there' };
    },
  });
  return { nodes, asked, clock, health };
}

t.test('every way to every node is asked once an interval, a new node within seconds', async (t) => {
  const { nodes, asked, clock, health } = world(() => true);
  const ending = new AbortController();
  const running = health.run({ signal: ending.signal });
  await clock.advance(30_000);
  t.same(asked.sort(), ['10.11.0.1', '10.11.1.1', '172.31.0.1', '172.31.0.2']);
  nodes.push({ node: 'c', underlay: '172.31.0.3' });
  await clock.advance(2_000);
  t.equal(asked.at(-1), '172.31.0.3');
  await clock.advance(10 * 60_000);
  const times = (address: string) => asked.filter((one) => one === address).length;
  for (const address of ['10.11.1.1', '172.31.0.2']) t.ok(times(address) >= 10 && times(address) <= 12, `${address}: ${times(address)}`);
  ending.abort();
  await running;
  t.equal(clock.pendingTimers, 0);
});

t.test('rows of a node that is gone go with it', async (t) => {
  const { nodes, health } = world(() => true);
  await health.round(signal);
  t.equal(health.table.size, 4);
  nodes.pop();
  await health.round(signal);
  t.same(
    Array.from(health.table.rows(), ({ node }) => node),
    ['a', 'a'],
  );
});

t.test('another node that answers under an address is not taken for the one that was asked', async (t) => {
  await using responder = await openResponder({ node: 'x', port: 0 });
  const nodes = () => [{ node: 'b', underlay: '127.0.0.1' }];
  const health = new Health({ nodes, clock: new VirtualClock(), intervalMs: 1000, port: responder.port });
  await health.round(signal);
  t.match([...health.table.rows()], [{ state: 'unreachable', error: 'another node answers: "x"', failures: 1 }]);
});

t.test('a cut way of pods is told apart from a node that is away', async (t) => {
  let isCut = (address: string): boolean => address === '10.11.1.1';
  const { health } = world((address) => !isCut(address));
  await health.round(signal);
  const [own, below, pods] = healthChecks(health.table, { node: 'a', podsHint: 'is UDP port 8472 open?' });
  t.match(own, { state: 'ok' });
  t.match(below, { state: 'ok', message: '1 of 1, within 0.5 ms' });
  t.match(pods, { state: 'warning', hint: 'is UDP port 8472 open?' });
  t.match(pods.message, /1 of 1 do not: b \(10\.11\.1\.1\): nobody listens there, since 2026-01-02T03:00:00/);
  isCut = () => true;
  const away = world((address) => !isCut(address));
  await away.health.round(signal);
  t.match(healthChecks(away.health.table, { node: 'a' })[2]?.hint, /agent of that node running/);
});

t.test('what probes found is in metrics under the names that dashboards know', async (t) => {
  const { health } = world((address) => address !== '10.11.1.1');
  await health.round(signal);
  const metrics = new Metrics();
  metrics.collect(() => healthSamples(health.table, { node: 'a' }));
  const text = metrics.text();
  t.match(text, 'axoneme_unreachable_nodes 1\n');
  t.match(text, 'axoneme_node_health_connectivity_status{source_node_name="a",type="endpoint",status="unreachable"} 1\n');
  t.match(text, 'axoneme_node_health_connectivity_latency_seconds{source_node_name="a",target_node_name="b",type="node"} 0.0005\n');
});
