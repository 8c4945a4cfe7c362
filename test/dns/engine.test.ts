// The engine by itself: bounds, what is refused and why, what is not told because it cannot be granted, and what a sweep takes away.

import { decode, encode } from 'dns-packet';
import t from 'tap';
import type { MapChanges } from '../../orchestrator/dns/book/map-changes.ts';
import { AccessLog } from '../../orchestrator/dns/engine/access-log.ts';
import { addressKey, writeMapped } from '../../orchestrator/dns/engine/address-key.ts';
import { Counters } from '../../orchestrator/dns/engine/counters.ts';
import { Engine, mostOfPod, patienceMs } from '../../orchestrator/dns/engine/engine.ts';
import { Learning } from '../../orchestrator/dns/engine/learning.ts';
import { Pods } from '../../orchestrator/dns/engine/pods.ts';
import { sweepGrants } from '../../orchestrator/dns/engine/sweep.ts';
import { readRecords } from '../../orchestrator/dns/log/log-record.ts';
import type { DnsRules, DnsSet } from '../../orchestrator/dns/rules.ts';
import { formatAddress, fromMapped } from '../../orchestrator/net/address.ts';
import { answerTo, question } from './process/servers.ts';
import { grant, row, selector } from './web-rules.ts';

const other = 0x1000002;

/** A map that may be full or of no use. */
class Grants {
  readonly rows = new Set<string>();
  room = Number.POSITIVE_INFINITY;
  isBroken = false;
  calls = 0;

  apply({ removed, removedKeys, written, keys }: MapChanges): number {
    this.calls += 1;
    if (this.isBroken) throw new Error('it is locked');
    for (let index = 0; index < removed; index += 1) this.rows.delete(rowOf(removedKeys, index));
    for (let index = 0; index < written; index += 1) {
      const row = rowOf(keys, index);
      if (this.rows.size >= this.room && !this.rows.has(row)) return index;
      this.rows.add(row);
    }
    return written;
  }

  read(): undefined {}

  async *entries() {}
}

function rowOf(keys: Uint8Array, index: number): string {
  const key = keys.slice(index * 24, index * 24 + 24);
  return `${new DataView(key.buffer).getUint32(16, true)} ${formatAddress(fromMapped(key.subarray(0, 16)))}`;
}

interface Wish {
  readonly rules?: Partial<DnsRules>;
  readonly set?: Partial<DnsSet>;
  readonly publicOutside?: string;
  readonly identity?: number;
}

async function open({ rules = {}, set = {}, publicOutside, identity = 2 }: Wish = {}) {
  const grants = new Grants();
  const counters = new Counters();
  const pods = new Pods();
  const clock = { tick: 1000 };
  const learning = new Learning({ grants, counters, tick: () => clock.tick, ...(publicOutside !== undefined && { publicOutside }) });
  const log = new AccessLog(1 << 20);
  const engine = new Engine<undefined>({ lanes: 1, pods, identities: { find: () => identity }, learning, log, counters });
  const endpoints = [1, 2].map((id) => {
    const addresses = [`10.7.0.${id}`];
    return { id, namespace: 'shop', pod: `pod-${id}`, identity: 1000 + id, labels: [], addresses, set: 1 };
  });
  let generation = 0;
  const tell = (changed: Partial<DnsSet> = {}, more: Partial<DnsRules> = {}): Promise<void> => {
    const sets = [{ set: 1, allowed: [row], granted: [grant], ...set, ...changed }];
    return engine.setRules({ format: 1, generation: ++generation, reject: 'refused', endpoints, sets, ...rules, ...more });
  };
  await tell();
  const reader = log.ring.reader('newest');
  /** The slot, or the answer that the pod gets. */
  const ask = (pod: number, message: Buffer, server = '10.8.0.53'): { slot: number; rcode: string | undefined; bytes: Buffer } => {
    const bytes = Buffer.concat([message, Buffer.alloc(64)]);
    const asked = { protocol: 17, pod: addressKey(`10.7.0.${pod}`), podPort: 4000, server: addressKey(server), serverPort: 53 };
    Object.assign(engine.asked, { ...asked, bytes, start: 0, length: message.length });
    const slot = engine.ask(0, undefined, 0);
    const rcode = slot < 0 && engine.ownLength > 0 ? rcodeOf(bytes.subarray(0, engine.ownLength)) : undefined;
    return { slot, rcode, bytes: bytes.subarray(0, message.length) };
  };
  /** Whether the pod gets what the server says. */
  const told = (pod: number, name: string, ...addresses: string[]): boolean => {
    const { slot, bytes } = ask(pod, question(7, name));
    const reply = encode(answerTo(decode(bytes), ...addresses));
    const from = addressKey('10.8.0.53');
    t.equal(engine.answer(0, { from, port: 53, bytes: reply, start: 0, length: reply.length, now: 1 }), slot);
    return engine.isReleased;
  };
  /** The same for answers that come together. */
  const toldTogether = (answers: readonly (readonly [pod: number, name: string, ...addresses: string[]])[]): boolean[] => {
    const slots = answers.map(([pod, name, ...addresses]) => {
      const { slot, bytes } = ask(pod, question(7, name));
      return { slot, reply: encode(answerTo(decode(bytes), ...addresses)) };
    });
    for (const { slot, reply } of slots) {
      const from = addressKey('10.8.0.53');
      t.equal(engine.hear(0, { from, port: 53, bytes: reply, start: 0, length: reply.length, now: 1 }), slot);
    }
    engine.decideHeard();
    return slots.map(({ slot }) => engine.isReleasedTo(slot));
  };
  return {
    engine,
    grants,
    counters,
    pods,
    learning,
    clock,
    tell,
    ask,
    told,
    toldTogether,
    records: () => [...readRecords(reader.read(1 << 20))],
  };
}

function rcodeOf(bytes: Buffer): string {
  return (decode(bytes) as unknown as { rcode: string }).rcode;
}

t.test('one pod has so many questions outstanding, and no more; others notice nothing', async (t) => {
  const { engine, ask, counters } = await open();
  for (let count = 0; count < mostOfPod; count += 1) t.ok(ask(1, question(count, 'a.example.com')).slot >= 0);
  t.equal(ask(1, question(1, 'a.example.com')).rcode, 'SERVFAIL');
  t.ok(ask(2, question(1, 'a.example.com')).slot >= 0);
  t.equal(counters.failedPodFull, 1);
  let ended = 0;
  while (engine.expire(patienceMs) >= 0) ended += 1;
  t.equal(ended, mostOfPod + 1);
  t.ok(ask(1, question(1, 'a.example.com')).slot >= 0);
});

t.test('who is refused hears it as the node says', async (t) => {
  const { ask, tell, records } = await open();
  t.equal(ask(1, question(1, 'a.example.org')).rcode, 'REFUSED');
  await tell({}, { reject: 'nxdomain' });
  t.equal(ask(1, question(1, 'a.example.org')).rcode, 'NXDOMAIN');
  t.match(records(), [{ verdict: 'dropped', name: 'a.example.org.', reason: 'not allowed by policy' }, { verdict: 'dropped' }]);
});

t.test('a server may be allowed by its identity, or by a name that the pod was told for it', async (t) => {
  const names = { identity: other, protocol: 17, port: 53, portBits: 16, names: 'every', rule: 'by name' } as const;
  const { ask, told } = await open({
    set: { allowed: [row, names], granted: [grant, { ...grant, name: selector('dns.example.com'), identity: other }] },
  });
  t.equal(ask(1, question(1, 'a.example.org'), '192.0.2.53').rcode, 'REFUSED');
  t.ok(told(1, 'dns.example.com', '192.0.2.53'));
  t.ok(ask(1, question(1, 'a.example.org'), '192.0.2.53').slot >= 0);
  t.equal(ask(2, question(1, 'a.example.org'), '192.0.2.53').rcode, 'REFUSED', 'another pod was not told');
});

t.test('what cannot be granted is not told', async (t) => {
  const { told, grants, counters, learning, records } = await open();
  grants.room = 2;
  t.ok(told(1, 'a.example.com', '192.0.2.1', '192.0.2.2'));
  t.notOk(told(1, 'b.example.com', '192.0.2.3'));
  t.ok(told(1, 'c.example.com', '192.0.2.1'), 'an address that is granted already');
  grants.room = 10;
  grants.isBroken = true;
  t.notOk(told(1, 'd.example.com', '192.0.2.4'));
  t.match(learning.problem, /it is locked/);
  grants.isBroken = false;
  t.ok(told(1, 'd.example.com', '192.0.2.4'));
  t.equal(learning.problem, undefined);
  t.equal(counters.failedMap, 2);
  t.same([...grants.rows].sort(), ['1 192.0.2.1', '1 192.0.2.2', '1 192.0.2.4']);
  t.match(
    records().filter(({ verdict }) => verdict === 'error'),
    [{ rcode: 2, reason: 'no room for more grants' }, { rcode: 2 }],
  );
});

t.test('answers that come together are granted together, and each is told if it is', async (t) => {
  const { toldTogether, grants, counters, learning, records } = await open();
  const hundred = (from: number): string[] => Array.from({ length: 100 }, (_, index) => `192.0.${from}.${index}`);
  const many = Array.from({ length: 70 }, (_, index) => [1 + (index % 2), `n${index}.example.com`, `192.0.2.${index}`] as const);
  const answers = [...many, [1, 'l.example.com', ...hundred(3)], [2, 'm.example.com', ...hundred(4)], [1, 'none.example.com']] as const;
  t.same(
    toldTogether(answers),
    answers.map(() => true),
  );
  t.equal(grants.rows.size, 270);
  for (const [pod, , ...addresses] of answers) for (const address of addresses) t.ok(grants.rows.has(`${pod} ${address}`));
  t.equal(counters.answers, 73);
  t.equal(counters.grantsWritten, 270);
  t.ok(grants.calls < 10, `${grants.calls} calls`);
  t.equal(learning.counts().names, 72);
  t.same(
    records()
      .filter(({ kind }) => kind === 'response')
      .map(({ name, addresses }) => [name, addresses.length]),
    answers.map(([, name, ...addresses]) => [`${name}.`, addresses.length]),
  );
});

t.test('where not all of them can be granted, those that can are told, and nothing of the others is remembered', async (t) => {
  const answers = [
    [1, 'a.example.com', '192.0.2.1', '192.0.2.2'],
    [2, 'b.example.com', '192.0.2.3', '192.0.2.4', '192.0.2.5'],
    [1, 'c.example.com', '192.0.2.2'],
    [2, 'd.example.com', '192.0.2.3'],
    [2, 'e.example.com', '192.0.2.6'],
    [2, 'none.example.com'],
  ] as const;
  const { toldTogether, grants, counters, learning, records } = await open();
  grants.room = 3;
  t.same(toldTogether(answers), [true, false, true, true, false, true]);
  t.same([...grants.rows].sort(), ['1 192.0.2.1', '1 192.0.2.2', '2 192.0.2.3']);
  t.equal(learning.counts().addresses, 3);
  t.same([...learning.book.names(2)].map(({ name }) => name).sort(), ['d.example.com.']);
  t.equal(counters.failedMap, 2);
  t.equal(counters.answers, 4);
  t.match(
    records().filter(({ verdict }) => verdict === 'error'),
    [{ name: 'b.example.com.', rcode: 2, reason: 'no room for more grants' }, { name: 'e.example.com.' }],
  );
  grants.isBroken = true;
  t.same(toldTogether([[1, 'f.example.com', '192.0.2.7'], ...answers.slice(2, 3), answers[5]]), [false, true, true]);
  t.match(learning.problem, /it is locked/);
  grants.isBroken = false;
  grants.room = 10;
  t.same(
    toldTogether(answers),
    answers.map(() => true),
  );
  t.equal(grants.rows.size, 6);
});

t.test('private addresses for names outside of the cluster are refused, where that is wanted', async (t) => {
  const names = [selector('*.example.com'), selector('*.cluster.local')];
  const { told, counters } = await open({ set: { allowed: [{ ...row, names }] }, publicOutside: 'cluster.local.' });
  t.notOk(told(1, 'a.example.com', '10.0.0.1'));
  t.ok(told(1, 'a.cluster.local', '10.0.0.1'));
  t.ok(told(1, 'a.example.com', '192.0.2.1'));
  t.equal(counters.failedPrivate, 1);
});

t.test('rules that name an identity for another selector take back what it granted', async (t) => {
  const { told, tell, grants } = await open();
  told(1, 'a.example.com', '192.0.2.1');
  await tell({ granted: [{ ...grant, name: selector('*.example.org') }] });
  t.same([...grants.rows], []);
  await tell({ granted: [{ ...grant, identity: other }] });
  t.same([...grants.rows], ['1 192.0.2.1'], 'what is remembered is granted again under the new one');
  await tell({}, { endpoints: [] });
  t.same([...grants.rows], []);
});

t.test('a sweep takes what has expired, unless a connection goes there', async (t) => {
  const { told, grants, learning, pods, clock } = await open();
  told(1, 'a.example.com', '192.0.2.1', '192.0.2.2');
  told(2, 'a.example.com', '192.0.2.1');
  const keys = new Uint8Array(80);
  writeMapped(addressKey('192.0.2.1'), keys, 0);
  writeMapped(addressKey('10.7.0.1'), keys, 16);
  const flows = {
    async *keys() {
      yield { count: 1, size: 40, keys };
    },
  };
  const sweep = (): Promise<void> => sweepGrants(learning, pods, flows, () => clock.tick);
  await sweep();
  t.equal(grants.rows.size, 3);
  clock.tick += 5000;
  await sweep();
  t.same([...grants.rows], ['1 192.0.2.1']);
});
