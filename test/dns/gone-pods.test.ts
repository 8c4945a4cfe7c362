// Pods that go while they are being answered: what they had asked for is let go once, and nobody else's question with it.

import { decode, encode } from 'dns-packet';
import t from 'tap';
import { AccessLog } from '../../orchestrator/dns/engine/access-log.ts';
import { addressKey } from '../../orchestrator/dns/engine/address-key.ts';
import { Counters } from '../../orchestrator/dns/engine/counters.ts';
import { Engine, patienceMs } from '../../orchestrator/dns/engine/engine.ts';
import { Learning } from '../../orchestrator/dns/engine/learning.ts';
import { Pods } from '../../orchestrator/dns/engine/pods.ts';
import { answerTo, question } from './process/servers.ts';
import { grant, row } from './web-rules.ts';

const server = addressKey('10.8.0.53');
type Owner = { readonly name: string };

async function open() {
  const counters = new Counters();
  const grants = { apply: ({ written }: { readonly written: number }) => written, read: () => undefined, async *entries() {} };
  const learning = new Learning({ grants, counters, tick: () => 1000 });
  const pods = new Pods();
  const log = new AccessLog(1 << 20);
  const engine = new Engine<Owner>({ lanes: 1, pods, identities: { find: () => 2 }, learning, log, counters });
  let generation = 0;
  const allow = (...ids: number[]) => {
    const endpoints = ids.map((id) => ({
      id,
      namespace: 'shop',
      pod: `pod-${id}`,
      identity: 1000 + id,
      labels: [],
      addresses: [`10.7.0.${id}`],
      set: 1,
    }));
    const sets = [{ set: 1, allowed: [row], granted: [grant] }];
    return engine.setRules({ format: 1, generation: ++generation, reject: 'refused', endpoints, sets });
  };
  const ask = (pod: number, owner: Owner, now = 0): { slot: number; reply: Buffer } => {
    const message = question(7, `n${pod}.example.com`);
    const bytes = Buffer.concat([message, Buffer.alloc(64)]);
    const asked = { protocol: 17, pod: addressKey(`10.7.0.${pod}`), podPort: 4000, server, serverPort: 53 };
    Object.assign(engine.asked, { ...asked, bytes, start: 0, length: message.length });
    const slot = engine.ask(0, owner, now);
    return { slot, reply: encode(answerTo(decode(bytes.subarray(0, message.length)), '192.0.2.1')) };
  };
  const answer = (bytes: Buffer, owner: Owner): number =>
    engine.answer(0, { from: server, port: 53, bytes, start: 0, length: bytes.length, now: 1, owner });
  return { engine, counters, allow, ask, answer };
}

t.test('an answer for a pod that has gone frees its question, and who asked it for the pod does not free it again', async (t) => {
  const { engine, counters, allow, ask, answer } = await open();
  const [gone, other, third] = [{ name: 'gone' }, { name: 'other' }, { name: 'third' }];
  await allow(1, 2, 3);
  const first = ask(1, gone);
  await allow(2, 3);
  t.equal(answer(first.reply, gone), -1);
  t.equal(counters.queriesGone, 1);
  // Another one has its place by now.
  const second = ask(2, other);
  t.equal(second.slot, first.slot);
  engine.forget(first.slot, gone);
  t.equal(engine.unsent(first.slot, gone), -1);
  t.equal(engine.size, 1);
  const next = ask(3, third);
  t.not(next.slot, second.slot, 'nobody gets a place that is taken');
  t.equal(answer(second.reply, other), second.slot);
  t.equal(answer(next.reply, third), next.slot);
  t.equal(engine.size, 0);
  t.same([counters.answers, counters.answersStray, counters.queriesLeft], [2, 0, 0]);
});

t.test('a question whose pod has gone and whose time is over is counted, and those behind it end in time', async (t) => {
  const { engine, counters, allow, ask } = await open();
  const [gone, other] = [{ name: 'gone' }, { name: 'other' }];
  await allow(1, 2);
  const first = ask(1, gone);
  const second = ask(2, other);
  await allow(2);
  t.equal(engine.expire(patienceMs), second.slot);
  t.equal(engine.lastOwner, other);
  engine.forget(first.slot, gone);
  engine.forget(second.slot, other);
  t.equal(engine.expire(patienceMs), -1);
  t.equal(engine.size, 0);
  const slots = [1, 2, 3, 4].map(() => ask(2, other, patienceMs).slot);
  t.equal(new Set(slots).size, 4);
  t.same([counters.queriesGone, counters.failedDeadline, counters.queriesLeft], [1, 1, 0]);
});

t.test('who hangs up before the answer is counted', async (t) => {
  const { engine, counters, allow, ask, answer } = await open();
  const owner = { name: 'one' };
  await allow(1);
  const { slot, reply } = ask(1, owner);
  engine.forget(slot, owner);
  t.same([counters.queriesLeft, engine.size, answer(reply, owner)], [1, 0, -1]);
});
