// Leaders by a Lease: of several candidates in virtual time, against a server of the test that keeps one lease.
import { setTimeout as really } from 'node:timers/promises';
import t from 'tap';
import { Leader, type LeaderOptions } from '../../orchestrator/operator/leader.ts';
import { Counts } from '../../orchestrator/sources/kubernetes/counts.ts';
import { Transport } from '../../orchestrator/sources/kubernetes/transport.ts';
import type { Clock } from '../../orchestrator/state/clock.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { plainCredentials } from '../sources/kubernetes/follower.ts';
import { LeaseServer } from './lease-server.ts';

t.setTimeout(900_000);

type End = { teardown(act: () => unknown): void };

/** A clock over another, for a process that may stand still: then none of its timers fires, though time goes by. */
class Process implements Clock {
  isFrozen = false;
  readonly #clock: Clock;
  readonly #late: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now = () => this.#clock.now();
  random = () => this.#clock.random();

  timer(ms: number, callback: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#clock.timer(ms, () => {
      if (this.isFrozen) this.#late.push(() => isCancelled || callback());
      else callback();
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  thaw(): void {
    this.isFrozen = false;
    for (const callback of this.#late.splice(0)) callback();
  }
}

interface Candidate {
  readonly process: Process;
  readonly leader: Leader;
  readonly terms: string[];
  /** As the duty sees it: what it would write now. */
  mayWrite(): boolean;
  stop(): Promise<void>;
}

async function start(t: End) {
  const server = await LeaseServer.start(t);
  const clock = new VirtualClock(3);
  const all: Candidate[] = [];
  const join = (identity: string, more: Partial<LeaderOptions> = {}): Candidate => {
    const process = new Process(clock);
    const transport = new Transport({ credentials: plainCredentials(server.url), clock: process, counts: new Counts() });
    const terms: string[] = [];
    let valid = () => false;
    const lead: LeaderOptions['lead'] = async ({ signal, isValid }) => {
      valid = isValid;
      terms.push('begun');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      terms.push('over');
    };
    const date = () => new Date(clock.now());
    const leader = new Leader({ transport, clock: process, date, namespace: 'kube-system', name: 'duty', identity, lead, ...more });
    const stopping = new AbortController();
    const running = leader.run({ signal: stopping.signal });
    const stop = async () => {
      stopping.abort();
      await running;
      transport.close();
    };
    t.teardown(stop);
    const candidate = { process, leader, terms, mayWrite: () => valid(), stop };
    all.push(candidate);
    return candidate;
  };
  const most = { atOnce: 0 };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      await clock.advance(100);
      await really(1);
      most.atOnce = Math.max(most.atOnce, all.filter((one) => one.mayWrite()).length);
    }
  };
  return { server, clock, join, pass, most };
}

t.test('one of three leads, and goes on leading', async (t) => {
  const { server, join, pass, most } = await start(t);
  const all = [join('a'), join('b'), join('c')];
  await pass(120_000);
  t.equal(all.filter(({ leader }) => leader.isLeading).length, 1);
  t.equal(all.flatMap(({ terms }) => terms).length, 1, 'one term');
  t.equal(most.atOnce, 1);
  t.match(server.lease?.spec, { leaseDurationSeconds: 15, leaseTransitions: 0, holderIdentity: /^[abc]$/, renewTime: /\.\d{6}Z$/ });
  t.ok(server.writes > 40 && server.writes < 80, `${server.writes} writes in two minutes`);
});

t.test('a leader that ends gives the lease back, and the next need not wait', async (t) => {
  const { join, pass, most, clock } = await start(t);
  const first = join('a');
  await pass(3_000);
  const second = join('b');
  await pass(5_000);
  t.same([first.leader.isLeading, second.leader.isLeading], [true, false]);
  const from = clock.now();
  await first.stop();
  t.same(first.terms, ['begun', 'over']);
  while (!second.leader.isLeading) await pass(100);
  t.ok(clock.now() - from < 3_000, `after ${clock.now() - from} ms`);
  t.equal(most.atOnce, 1);
});

t.test('one that stands still leads no more when it goes on, whatever its timers think', async (t) => {
  const { join, pass, most, server, clock } = await start(t);
  const first = join('a');
  await pass(3_000);
  const second = join('b');
  await pass(3_000);
  for (let round = 0; round < 4; round += 1) {
    const [leads, waits] = first.leader.isLeading ? [first, second] : [second, first];
    leads.process.isFrozen = true;
    const from = clock.now();
    while (!waits.leader.isLeading) await pass(100);
    const afterMs = clock.now() - from;
    t.ok(afterMs > 10_000 && afterMs < 20_000, `after ${afterMs} ms`);
    t.notOk(leads.mayWrite(), 'its first question after it was woken is answered by the time');
    await pass(5_000);
    leads.process.thaw();
    await pass(5_000);
    t.notOk(leads.leader.isLeading);
    t.equal(leads.terms.at(-1), 'over');
    t.ok(waits.leader.isLeading, 'and the other goes on');
  }
  t.equal(most.atOnce, 1);
  t.equal(server.lease?.spec.leaseTransitions, 4);
});

t.test('while the server is away the leader stops in time, and nobody else begins', async (t) => {
  const { join, pass, most, server } = await start(t);
  const all = [join('a'), join('b')];
  await pass(5_000);
  server.isAway = true;
  await pass(9_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 1, 'a short outage changes nothing');
  await pass(60_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 0);
  server.isAway = false;
  await pass(30_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 1);
  t.equal(most.atOnce, 1);
});

t.test('an answer that is lost is no lease, until it is seen to be one', async (t) => {
  const { join, pass, most, server } = await start(t);
  server.loseAnswers = true;
  const all = [join('a'), join('b')];
  await pass(40_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 0);
  server.loseAnswers = false;
  await pass(40_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 1);
  t.equal(most.atOnce, 1);
});

t.test('by chance frozen, cut off and woken there are never two', async (t) => {
  const { join, pass, most, server, clock } = await start(t);
  const all = [join('a'), join('b'), join('c')];
  let changes = 0;
  let before = '';
  for (let round = 0; round < 80; round += 1) {
    for (const { process } of all) {
      if (clock.random() > 0.3) continue;
      if (process.isFrozen) process.thaw();
      else process.isFrozen = true;
    }
    server.isAway = clock.random() < 0.15;
    server.loseAnswers = clock.random() < 0.15;
    await pass(2_000 + 6_000 * clock.random());
    const holder = String(server.lease?.spec.holderIdentity);
    if (holder !== before) changes += 1;
    before = holder;
  }
  t.equal(most.atOnce, 1);
  t.ok(changes > 1, `${changes} times another led`);
  for (const { process } of all) process.thaw();
  server.isAway = server.loseAnswers = false;
  await pass(60_000);
  t.equal(all.filter((one) => one.mayWrite()).length, 1);
});

t.test('what the duty throws is thrown, and the lease given back', async (t) => {
  const { server, clock } = await start(t);
  const transport = new Transport({ credentials: plainCredentials(server.url), clock, counts: new Counts() });
  t.teardown(() => transport.close());
  const lead = async () => {
    throw new TypeError('a fault of ours');
  };
  const leader = new Leader({ transport, clock, date: () => new Date(0), namespace: 'n', name: 'duty', identity: 'a', lead });
  await t.rejects(leader.run({ signal: new AbortController().signal }), { message: 'a fault of ours' });
  t.equal(server.lease?.spec.holderIdentity, '');
});
