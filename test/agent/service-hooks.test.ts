// Programs on the device to the network for services: when they come, and when they go.

import t from 'tap';
import { ServiceHooks } from '../../orchestrator/agent/service-hooks.ts';
import type { Port } from '../../orchestrator/datapath/datapath.ts';
import { unexposed } from '../../orchestrator/enforcement/exposure.ts';
import { AgentError } from '../../orchestrator/errors.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

const exposed = { isExposed: true, hasOwnBackend: false };
const own = { isExposed: true, hasOwnBackend: true };

function begun(isNative = false) {
  const clock = new VirtualClock();
  const did: string[] = [];
  const broken = new Set<string>();
  const counts = { begunAt: undefined as number | undefined, outside: 0 };
  const datapath = {
    async attach({ number, kind }: Port) {
      if (broken.has(kind)) throw new AgentError('ATTACH_FAILED', `port ${number}: no ${kind}`);
      did.push(`${kind} on ${number}`);
      return { [Symbol.asyncDispose]: async () => {} };
    },
    async detach({ number, kind }: Port) {
      did.push(`${kind} off ${number}`);
    },
  };
  const hooks = new ServiceHooks({ datapath, isNative, sweep: { counts }, clock });
  const sweep = async (outside: number) => {
    await clock.advance(30_000);
    Object.assign(counts, { begunAt: clock.now(), outside });
    await hooks.setPort(2);
  };
  return { hooks, did, broken, sweep };
}

t.test('nothing is attached for a node without frontends for the network', async (t) => {
  const { hooks, did } = begun();
  await hooks.setPort(2);
  t.same(did, [], 'nor taken off before anybody knows whether it is needed');
  await hooks.want(exposed);
  t.same(did, ['network on 2']);
  await hooks.want(own);
  await hooks.setPort(2);
  t.same(did.slice(1), ['exit on 2'], 'what the host sends passes a program only where it is a backend itself');
});

t.test('what an earlier process left goes when it is not needed, and only then', async (t) => {
  const { hooks, did, sweep } = begun();
  await hooks.setPort(2);
  await hooks.want(exposed);
  await sweep(0);
  await sweep(0);
  t.same(did, ['network on 2', 'exit off 2']);
});

t.test('programs stay for the connections that are there when their frontend goes', async (t) => {
  const { hooks, did, sweep } = begun();
  await hooks.setPort(2);
  await hooks.want(own);
  await sweep(0);
  await hooks.want(unexposed);
  t.same(did.slice(2), [], 'the last sweep was before');
  await sweep(3);
  t.same(did.slice(2), []);
  await hooks.want(exposed);
  await hooks.want(unexposed);
  await sweep(0);
  await sweep(0);
  t.same(did.slice(2), ['network off 2', 'exit off 2'], 'each once');
  await hooks.want(exposed);
  t.same(did.slice(4), ['network on 2'], 'and comes again');
});

t.test('with native routes what comes from the network always passes the program', async (t) => {
  const { hooks, did, sweep } = begun(true);
  await hooks.setPort(2);
  t.same(did, ['network on 2']);
  await hooks.want(unexposed);
  await sweep(0);
  await sweep(0);
  t.same(did.slice(1), ['exit off 2']);
});

t.test('another device gets them before the one before loses them', async (t) => {
  const { hooks, did } = begun();
  await hooks.setPort(2);
  await hooks.want(exposed);
  await hooks.setPort(5);
  t.same(did, ['network on 2', 'network on 5', 'network off 2']);
});

t.test('who writes services is not held up by a device that takes no hooks; who looks at the device is told', async (t) => {
  const { hooks, did, broken } = begun();
  await hooks.setPort(2);
  broken.add('network');
  await hooks.want(exposed);
  await t.rejects(hooks.setPort(2), { code: 'ATTACH_FAILED', message: 'port 2: no network' });
  broken.clear();
  await hooks.setPort(2);
  t.same(did, ['network on 2']);
});
