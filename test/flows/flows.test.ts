// Flows: lines for people, fields for programs, filters, and a log that nobody waits for.
import t from 'tap';
import { EVENT_ALLOW, EVENT_AUDIT, EVENT_OVERFLOW, Reason } from '../../orchestrator/datapath/generated/enums.ts';
import { conntrackSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { type FlowFilter, makeFilter } from '../../orchestrator/flows/filter.ts';
import type { Flow, FlowLine } from '../../orchestrator/flows/flow.ts';
import { FlowLog } from '../../orchestrator/flows/flow-log.ts';
import { hubbleReason } from '../../orchestrator/flows/hubble-reasons.ts';
import { nameEvent } from '../../orchestrator/flows/named-event.ts';
import type { FlowNames } from '../../orchestrator/flows/names.ts';
import { swapPort } from '../../orchestrator/net/words.ts';
import { event, names } from './event.ts';

const flowOf = (...parts: Parameters<typeof event>): Flow =>
  nameEvent(event(...parts), { names, node: 'a', time: '2026-01-02T03:00:00.000Z' });
const line = (flow: Flow): FlowLine => ({ flow, node_name: 'a', time: flow.time });

t.test('a line for people says who, to whom, where and why', async (t) => {
  const refused = { reason: Reason.noBackend, service: 3, direction: 1, sourceIdentity: 0 };
  const rows: [Flow, string][] = [
    [flowOf(), 'shop/web:40000 → shop/db:80 tcp ingress: policy denied: no ingress rule of shop/db allows it from shop/web (identity 100)'],
    [
      flowOf({}, { direction: 1 }),
      'shop/web:40000 → shop/db:80 tcp egress: policy denied: no egress rule of shop/web allows it to shop/db (identity 200)',
    ],
    [
      flowOf({ to: '10.21.0.7' }, { direction: 1, service: 3 }),
      'shop/web:40000 → 10.21.0.7:80 (service shop/db) tcp egress: policy denied: no egress rule of shop/web allows it to a pod of service shop/db (identity 200)',
    ],
    [
      flowOf({}, { egressRule: 5 }),
      'shop/web:40000 → shop/db:80 tcp ingress: policy denied: no ingress rule of shop/db allows it from shop/web (identity 100); the other side allowed it by cnp/shop/web spec.egress[0]',
    ],
    [
      flowOf({}, { reason: Reason.policyDeny, ingressRule: 7, egressRule: 5 }),
      'shop/web:40000 → shop/db:80 tcp ingress: policy deny by ccnp/closed spec.ingressDeny[0]',
    ],
    [
      flowOf({}, { kind: EVENT_ALLOW, reason: 0, egressRule: 5, ingressRule: 6 }),
      'shop/web:40000 → shop/db:80 tcp ingress: allowed: cnp/shop/web spec.egress[0] and netpol/shop/db spec.ingress[1]',
    ],
    [flowOf({}, { kind: EVENT_ALLOW, reason: 0 }), 'shop/web:40000 → shop/db:80 tcp ingress: allowed: no policy is enforced on it'],
    [
      flowOf({}, { kind: EVENT_ALLOW, reason: 0, direction: 1, egressRule: 5, proxyPort: swapPort(15001) }),
      'shop/web:40000 → shop/db:80 tcp egress: to the proxy on port 15001: cnp/shop/web spec.egress[0]',
    ],
    [
      flowOf({ from: '198.51.100.7' }, { sourceIdentity: 2, protocol: 17 }),
      '198.51.100.7:40000 → shop/db:80 udp ingress: policy denied: no ingress rule of shop/db allows it from 198.51.100.7 (identity 2)',
    ],
    [
      flowOf({ from: '192.0.2.1' }, { sourceIdentity: 1, protocol: 1, icmpType: 8 }),
      'host 192.0.2.1 → shop/db icmp type 8 ingress: policy denied: no ingress rule of shop/db allows it from host 192.0.2.1 (identity 1)',
    ],
    [
      flowOf({ from: 'fd00::1', to: 'fd00::2' }, { reason: Reason.noBackend, service: 3 }),
      '[fd00::1]:40000 → [fd00::2]:80 (service shop/db) tcp ingress: no backend: the service has no backend that takes new flows',
    ],
    [
      flowOf({ from: '0.0.0.0' }, { ...refused, namespace: 41n }),
      'shop/web → shop/db:80 (service shop/db) tcp egress: no backend: the service has no backend that takes new flows',
    ],
    [
      flowOf({ from: '::', to: 'fd00::2' }, { ...refused, namespace: 1n }),
      'a process of the node → [fd00::2]:80 (service shop/db) tcp egress: no backend: the service has no backend that takes new flows',
    ],
    [
      flowOf({ from: '0.0.0.0' }, { ...refused, namespace: 7n }),
      'a socket of an unknown namespace → shop/db:80 (service shop/db) tcp egress: no backend: the service has no backend that takes new flows',
    ],
    [
      flowOf({}, { protocol: 47, reason: Reason.unsupportedL4 }),
      'shop/web → shop/db protocol 47 ingress: unsupported l4: no policy can speak of its protocol',
    ],
    [
      flowOf({}, { kind: EVENT_OVERFLOW, reason: Reason.mapFull, backend: conntrackSpec.number }),
      'shop/web:40000 → shop/db:80 tcp ingress: map full: conntrack has no room for the flow',
    ],
    [
      flowOf({}, { endpoint: 7, destinationIdentity: 0 }),
      'shop/web:40000 → shop/db:80 tcp ingress: policy denied: shop/db is closed until its identity and its policy are known',
    ],
  ];
  for (const [flow, expected] of rows) t.equal(flow.Summary, expected);
});

t.test('a socket whose call was refused is told with the pod of its namespace, and found by it', (t) => {
  const flow = flowOf({ from: '0.0.0.0' }, { reason: Reason.noBackend, direction: 1, sourceIdentity: 0, namespace: 41n });
  t.match(flow, { source: { namespace: 'shop', pod_name: 'web' }, IP: { source: '0.0.0.0' } });
  t.ok(makeFilter({ from: ['shop/web'] })(line(flow)));
  t.notOk(makeFilter({ from: ['shop/db'] })(line(flow)));
  t.match(flowOf({ from: '0.0.0.0' }, { reason: Reason.noBackend, sourceIdentity: 0, namespace: 1n }).source, {
    identity: 1,
    labels: ['reserved:host='],
  });
  t.end();
});

t.test('an audited flow tells which side would have dropped it', async (t) => {
  const audit = { kind: EVENT_AUDIT, reason: Reason.policyDenied } as const;
  t.match(flowOf({}, audit), { verdict: 'AUDIT', Summary: /would be dropped: policy denied: no ingress rule of shop\/db/ });
  t.match(flowOf({}, { ...audit, ingressRule: 6 }), { Summary: /no egress rule of shop\/web/, ingress_allowed_by: [{ name: 'db' }] });
  t.match(flowOf({}, { ...audit, direction: 1 }), { Summary: /no egress rule of shop\/web/ });
  t.match(flowOf({}, { ...audit, reason: Reason.policyDeny, ingressRule: 7, egressRule: 5 }), {
    Summary: /would be dropped: policy deny by ccnp\/closed/,
    ingress_denied_by: [{ kind: 'CiliumClusterwideNetworkPolicy', name: 'closed' }],
    egress_allowed_by: [{ name: 'web' }],
  });
});

t.test('a flow has the fields that Hubble gives it', async (t) => {
  t.match(flowOf({}, { egressRule: 5, endpoint: 7 }), {
    verdict: 'DROPPED',
    drop_reason: 133,
    drop_reason_desc: 'POLICY_DENIED',
    IP: { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 40_000, destination_port: 80, flags: { SYN: true } } },
    source: { identity: 100, namespace: 'shop', pod_name: 'web', labels: ['k8s:app=web'] },
    destination: { ID: 7, identity: 200, namespace: 'shop', pod_name: 'db' },
    Type: 'L3_L4',
    event_type: { type: 1, sub_type: 133 },
    traffic_direction: 'INGRESS',
    egress_allowed_by: [{ kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'web', rule: 'cnp/shop/web spec.egress[0]' }],
  });
  t.same(flowOf({}, { protocol: 58, icmpType: 128 }).l4, { ICMPv6: { type: 128 } });
  t.same(flowOf({}, { protocol: 132 }).l4, { SCTP: { source_port: 40_000, destination_port: 80 } });
  t.same(flowOf({}, { kind: EVENT_ALLOW, reason: 0, ingressRule: 8 }).ingress_allowed_by, [
    { kind: 'builtin', name: 'default allow', rule: 'default allow' },
  ]);
});

t.test('every reason has a word that Hubble has, or one in its letters', async (t) => {
  for (const number of Object.values(Reason)) t.match(hubbleReason(number), /^[A-Z][A-Z0-9_]+$/);
  t.equal(hubbleReason(7), 'DROP_REASON_UNKNOWN');
});

t.test('what policy diff reads of recorded flows is what a flow says', async (t) => {
  const { readHubble } = await import('../../orchestrator/cli/policy/diff/hubble.ts');
  t.match(readHubble(JSON.parse(JSON.stringify(line(flowOf())))), {
    from: { pod: 'shop/web', address: '10.0.0.1', labels: ['k8s:app=web'] },
    to: { pod: 'shop/db' },
    protocol: 'tcp',
    port: 80,
  });
});

t.test('filters: values of one kind are alternatives, kinds are conditions', async (t) => {
  const flows = {
    drop: flowOf({}, { egressRule: 5 }),
    allow: flowOf({ port: 443 }, { kind: EVENT_ALLOW, reason: 0 }),
    out: flowOf({ from: '10.0.0.2', to: '198.51.100.7', port: 443 }, { direction: 1, destinationIdentity: 2, sourceIdentity: 200 }),
    host: flowOf({ from: '192.0.2.1', port: 8 }, { sourceIdentity: 1, protocol: 1, icmpType: 8 }),
  };
  const rows: [FlowFilter, (keyof typeof flows)[]][] = [
    [{}, ['drop', 'allow', 'out', 'host']],
    [{ types: ['allow'] }, ['allow']],
    [{ types: ['allow', 'drop'], ports: [443] }, ['allow', 'out']],
    [{ pods: ['shop/web'] }, ['drop', 'allow']],
    [{ from: ['shop/'] }, ['drop', 'allow', 'out']],
    [{ to: ['198.51.100.7'] }, ['out']],
    [{ from: ['host'] }, ['host']],
    [{ from: ['shop/db'], to: ['shop/db'] }, []],
    [{ protocols: ['icmp'], ports: [8] }, ['host']],
    [{ identities: [2] }, ['out']],
    [{ rule: 'cnp/shop/web' }, ['drop']],
    [{ since: Date.UTC(2026, 0, 2, 3, 0, 1) }, []],
    [{ since: Date.UTC(2026, 0, 2, 3) }, ['drop', 'allow', 'out', 'host']],
  ];
  for (const [filter, expected] of rows) {
    const wants = makeFilter(filter);
    t.same(
      Object.entries(flows)
        .filter(([, flow]) => wants(line(flow)))
        .map(([name]) => name),
      expected,
      JSON.stringify(filter),
    );
  }
});

const options = { node: 'a', names, tick: () => 0, wallClock: () => Date.UTC(2026, 0, 2, 3) };

t.test('a storm of allowed flows pushes no drop out of the log, and the order is kept', async (t) => {
  const log = new FlowLog({ ...options, capacity: 4 });
  log.push(event({ port: 1 }));
  for (let port = 10; port < 30; port += 1) log.push(event({ port }, { kind: EVENT_ALLOW, reason: 0 }));
  log.push(event({ port: 2 }));
  log.push({ type: 'lost', count: 9 });
  const ports = log
    .recent()
    .map((one) =>
      'flow' in one ? (one.flow.l4 as { TCP: { destination_port: number } }).TCP.destination_port : one.lost_events.num_events_lost,
    );
  t.same(ports, [1, 26, 27, 28, 29, 2, 9]);
  t.same(log.counts, { events: { drop: 2, allow: 20, audit: 0, overflow: 0 }, lost: 9 });
});

t.test('a storm of one kind of drop is one line with its count, and pushes out no other', async (t) => {
  let now = 0;
  const log = new FlowLog({ ...options, capacity: 4, wallClock: () => now });
  log.push(event({ port: 1 }));
  for (let sent = 0; sent < 50; sent += 1) {
    now += 10;
    log.push(event({ port: 2 }, { sourcePort: sent }));
    log.push({ type: 'lost', count: 10 });
  }
  const [one, storm, lost] = log.recent();
  t.equal(log.recent().length, 3);
  t.notOk(one && 'repeated' in one);
  t.match(storm, { time: '1970-01-01T00:00:00.010Z', repeated: { count: 49, until: '1970-01-01T00:00:00.500Z' } });
  t.match(lost, { lost_events: { num_events_lost: 500 } });
  const since = makeFilter({ types: ['drop'], since: 400 });
  t.equal(log.recent().filter((line) => 'flow' in line && since(line)).length, 1, 'it is as recent as the last of its kind');
  now = 60_010;
  log.push(event({ port: 2 }));
  t.equal(log.recent().length, 4, 'a minute later it is told anew');
  for (let port = 10; port < 20; port += 1) log.push(event({ port }));
  t.equal(log.recent().length, 4, 'and the memory is bounded');
});

t.test('the same packets dropped by another rule, or of another pod, are another line', async (t) => {
  let pod = 'web';
  const changing: FlowNames = { ...names, address: (text) => (text === '10.0.0.1' ? { namespace: 'shop', pod } : names.address(text)) };
  const log = new FlowLog({ ...options, names: changing });
  for (const egressRule of [0, 0, 7, 7]) log.push(event({}, { direction: 1, egressRule }));
  pod = 'later';
  log.push(event({}, { direction: 1, egressRule: 7 }));
  t.same(
    log
      .recent()
      .map(
        (line) =>
          'flow' in line && [line.flow.source.pod_name, line.flow.egress_denied_by?.[0]?.rule.split(' ').at(-1), line.repeated?.count],
      ),
    [
      ['web', undefined, 1],
      ['web', 'spec.ingressDeny[0]', 1],
      ['later', 'spec.ingressDeny[0]', undefined],
    ],
  );
});

t.test('of a storm a part is told and the rest counted; afterwards that is told', async (t) => {
  let now = 0;
  const log = new FlowLog({ ...options, wallClock: () => now, mostInTenth: 3 });
  for (let port = 0; port < 100; port += 1) log.push(event({ port }));
  t.equal(log.recent().length, 3);
  t.equal(log.counts.events.drop, 100);
  now = 100;
  log.push(event({ port: 100 }));
  t.match(log.recent()[3], { lost_events: { source: 'OBSERVER_EVENTS_QUEUE', num_events_lost: 97 } });
  t.match(log.recent()[4], { flow: { verdict: 'DROPPED' } });
  now = -1000;
  log.push(event({ port: 101 }));
  t.equal(log.recent().length, 6, 'a clock that was set back silences nothing');
});

t.test('a reader that is slow is told how many it missed, behind those that it got', async (t) => {
  const log = new FlowLog(options);
  const reader = log.follow(() => true, 2);
  for (const port of [1, 2, 3, 4, 5]) log.push(event({ port }));
  const lines = await reader.take();
  t.equal(lines.length, 3);
  t.match(lines[2], { lost_events: { source: 'OBSERVER_EVENTS_QUEUE', num_events_lost: 3 } });
  const waiting = reader.take();
  log.push(event({ port: 6 }));
  t.equal((await waiting).length, 1, 'and goes on');
  const ended = reader.take();
  reader.close();
  t.same(await ended, []);
  t.equal(log.readers, 0);
});

t.test('a flow keeps the names that its pods had when it was told of', async (t) => {
  let pod = 'old';
  const log = new FlowLog({ ...options, names: { ...names, address: () => ({ namespace: 'shop', pod }) } });
  log.push(event());
  pod = 'new';
  t.match(log.recent()[0], { flow: { source: { pod_name: 'old' } } });
});

t.test('an event that lay in the ring is dated back by the ticks since, also when they wrap', async (t) => {
  let tick = 100;
  const log = new FlowLog({ ...options, tick: () => tick });
  let port = 0;
  const timeOf = (now: number) => {
    log.push(event({ port: ++port }, { now }));
    return Date.parse(log.recent().at(-1)?.time as string) - options.wallClock();
  };
  t.equal(timeOf(100), 0);
  t.equal(timeOf(99), 0);
  t.equal(timeOf(40), -Math.ceil(60 * 16.777216));
  t.equal(timeOf(101), 0, 'the clock was read before the event');
  tick = 20;
  t.equal(timeOf(0xfffffff0), -Math.ceil(36 * 16.777216));
});

t.test('in a storm the events are left in their ring for a while, and the thread to others', async (t) => {
  const ending = new AbortController();
  const log = new FlowLog({ ...options, wallClock: Date.now, mostInTenth: 10 });
  let taken = 0;
  const storm = (async function* () {
    for (;;) {
      taken += 1;
      yield event();
    }
  })();
  const running = log.run({ events: storm, signal: ending.signal });
  await new Promise((resolve) => setTimeout(resolve, 250));
  ending.abort();
  await running;
  t.ok(taken >= 20 && taken <= 50, `${taken} were taken in a quarter of a second`);
});

t.test('reading events ends with its signal, and goes on to the end of a datapath without it', async (t) => {
  const ending = new AbortController();
  const log = new FlowLog(options);
  const running = log.run({
    events: (async function* () {
      yield event();
      await new Promise(() => {});
    })(),
    signal: ending.signal,
  });
  while (log.recent().length === 0) await new Promise((resolve) => setImmediate(resolve));
  ending.abort();
  await running;
  const events = (async function* () {
    yield event({ port: 81 });
  })();
  await log.run({ events, signal: new AbortController().signal });
  t.equal(log.recent().length, 2);
});
