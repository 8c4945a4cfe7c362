// Flows to addresses that pods were told: their names, and that one is over.
import t from 'tap';
import type { DatapathEvent } from '../../orchestrator/datapath/datapath.ts';
import { EVENT_ALLOW, Reason } from '../../orchestrator/datapath/generated/enums.ts';
import { FlowLog } from '../../orchestrator/flows/flow-log.ts';
import { nameEvent } from '../../orchestrator/flows/named-event.ts';
import { event, names, type PacketEvent } from './event.ts';

t.test('an address that a pod was told has its names, and what is over is said to be', async (t) => {
  const told = (endpoint: number, address: string) => (endpoint === 5 && address === '203.0.113.10' ? ['api.example.com'] : undefined);
  const nameOf = (rest: Partial<PacketEvent>, to = '203.0.113.10') =>
    nameEvent(event({ to, port: 443 }, { direction: 1, endpoint: 5, destinationIdentity: 2, ...rest }), {
      names: { ...names, told },
      node: 'a',
      time: '2026-01-02T03:00:00.000Z',
    });
  const allowed = nameOf({ kind: EVENT_ALLOW, reason: 0, egressRule: 5 });
  t.same(allowed.destination_names, ['api.example.com']);
  t.equal(allowed.Summary, 'shop/web:40000 → 203.0.113.10:443 (api.example.com) tcp egress: allowed: cnp/shop/web spec.egress[0]');
  t.equal(
    nameOf({ reason: Reason.grantExpired }).Summary,
    'shop/web:40000 → 203.0.113.10:443 (api.example.com) tcp egress: grant expired: shop/web was told this address for api.example.com, which is no longer valid: it must ask again',
  );
  t.match(
    nameOf({ reason: Reason.grantExpired }, '203.0.113.11').Summary,
    /grant expired: the DNS name under which it was allowed has expired$/,
  );
  t.notOk('destination_names' in nameOf({ endpoint: 6 }), 'another pod was told nothing');
  t.notOk('destination_names' in nameOf({ direction: 0 }), 'nor is it asked for what comes to a pod');
});

t.test('names that must be asked for are there when the event is told', async (t) => {
  const found = new Map<string, string[]>();
  const log = new FlowLog({
    node: 'a',
    tick: () => 0,
    names: { ...names, told: (endpoint, address) => found.get(`${endpoint} ${address}`) },
    prepare: ({ endpoint, direction }) =>
      direction === 1
        ? new Promise((resolve) => {
            setTimeout(() => {
              found.set(`${endpoint} 203.0.113.10`, ['api.example.com']);
              resolve();
            }, 5);
          })
        : undefined,
  });
  async function* events(): AsyncIterable<DatapathEvent> {
    yield event({ to: '203.0.113.10' }, { direction: 1, endpoint: 5 });
    yield event({ to: '203.0.113.10' }, { direction: 0, endpoint: 6 });
  }
  await log.run({ events: events(), signal: new AbortController().signal });
  t.match(log.recent(), [{ flow: { destination_names: ['api.example.com'] } }, { flow: { traffic_direction: 'INGRESS' } }]);
});

t.test('a drop whose name is known only later is told again, with the name', async (t) => {
  let known: string[] | undefined;
  const log = new FlowLog({ node: 'a', tick: () => 0, names: { ...names, told: () => known } });
  async function* events(): AsyncIterable<DatapathEvent> {
    for (const told of [undefined, undefined, ['api.example.com'], ['api.example.com']]) {
      known = told;
      yield event({ to: '203.0.113.10' }, { direction: 1, endpoint: 5, reason: Reason.grantExpired });
    }
  }
  await log.run({ events: events(), signal: new AbortController().signal });
  t.match(log.recent(), [{ repeated: { count: 1 } }, { flow: { destination_names: ['api.example.com'] }, repeated: { count: 1 } }]);
  t.equal(log.recent().length, 2);
});
