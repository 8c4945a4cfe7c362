// Outages: agents and proxies that are killed, upgraded or away while pods ask, and thousands of lookups with a connection at once. Longer
// with AXONEME_LONG=1.

import type { Test } from 'tap';
import { until } from '../outage-world.ts';
import type { Poured, Raced } from './flood.ts';
import { play } from './play.ts';
import { NodeProxy } from './proxy.ts';
import type { DnsStage } from './stage.ts';
import { narrowed, policies, wide } from './world.ts';

const isLong = process.env.AXONEME_LONG === '1';
const sizes = isLong ? { restarts: 20, upgrades: 5, kills: 5, races: 100_000 } : { restarts: 3, upgrades: 2, kills: 2, races: 2_000 };
/** A second. The full rate takes a machine that does nothing else: what nobody has time to read overflows sockets. */
const rate = isLong ? 2_000 : 500;
/** What has gathered while a process begins comes to servers at once: more of it than they take would be lost to them. */
const slowRate = 500;
const beginRate = 50;
/** A proxy that finds no answer says so within five. */
const lostMs = 12_000;

export function playOutages(t: Test, stage: DnsStage, home: string): void {
  t.test('without an agent pods ask, are refused and reach what they were told', (t) => withoutAgent(t, stage, home));
  t.test('agents that come and go and proxies that are upgraded lose no question', (t) => comeAndGo(t, stage, home));
  t.test('a proxy that is killed is there again at once, and says nothing wrong', (t) => killed(t, stage, home));
  t.test('without any proxy questions are dropped, and come to no server', (t) => withoutProxy(t, stage, home));
}

const played = async (t: Test, stage: DnsStage, steps: readonly string[]) => {
  const both = [4, 6] as const;
  t.same((await Promise.all(both.map((family) => play(stage, { name: '', steps }, family)))).flat(), []);
};

/** Before it nothing runs on any node that would answer for a name. */
export async function begin(t: Test, stage: DnsStage): Promise<void> {
  const question = { server: stage.address('dnsmasq', 4), port: 53, over: 'udp', name: 'www.other.com', type: 'A', timeoutMs: 5_000 };
  const asked = async () => (await stage.act('shop/pourer', { act: 'ask', ...question })).rcode;
  t.equal(await asked(), 'NOERROR');
  let [appliedAt, refusedMs] = [0, 0];
  const names = { 'www.domain.com': 'NOERROR', 'shared.domain.com': 'NOERROR' };
  const got = await poured(stage, { rate: beginRate, names }, async () => {
    appliedAt = performance.now();
    await stage.cluster.apply([...policies, wide]);
    await until('a name is refused', async () => (await asked()) === 'REFUSED');
    refusedMs = Math.round(performance.now() - appliedAt);
  });
  await stage.cluster.ready(undefined, 120_000);
  t.comment(`refused ${refusedMs} ms after policies were applied: ${JSON.stringify(got)}`);
  t.match(got, { lost: 0, wrong: 0, failed: 0 }, got.words.join());
  t.equal(got.answered, got.asked);
}

export async function narrow(t: Test, stage: DnsStage): Promise<void> {
  await played(t, stage, ['narrowed ask dnsmasq shared.domain.com = 5', 'narrowed hold 5 443']);
  const question = { server: stage.address('dnsmasq', 4), port: 53, over: 'udp', name: 'shared.domain.com', type: 'A', timeoutMs: 5_000 };
  await stage.cluster.apply([narrowed]);
  const begun = performance.now();
  await until('it is refused', async () => (await stage.act('shop/narrowed', { act: 'ask', ...question })).rcode === 'REFUSED');
  t.comment(`refused ${Math.round(performance.now() - begun)} ms after it was applied`);
  await until(
    'what was granted is taken back',
    async () => (await play(stage, { name: '', steps: ['narrowed miss 5 443'] }, 4)).length === 0,
  );
  await played(t, stage, [
    'narrowed ask dnsmasq shared.domain.com = REFUSED',
    'narrowed miss 5 443',
    'narrowed ask dnsmasq www.domain.com = 1',
    'narrowed reach 1 443',
  ]);
}

export async function races(t: Test, stage: DnsStage): Promise<void> {
  const words = { act: 'race', server: stage.address('dnsmasq', 4), suffix: 'fresh.domain.com', first: 0, atOnce: 20, timeoutMs: 20_000 };
  const got: Raced = await stage.act('shop/racer', { ...words, count: sizes.races });
  t.comment(`the slowest connection took ${got.slowestMs} ms`);
  t.same(got.failed, []);
  t.equal(got.connected, sizes.races);
  t.same(
    (await stage.flows('shop/racer', { type: 'drop' })).map(({ Summary }) => Summary),
    [],
    'no packet of it was dropped',
  );
}

async function withoutAgent(t: Test, stage: DnsStage, home: string): Promise<void> {
  const node = stage.cluster.node(home);
  await played(t, stage, ['one ask unbound first.domain.com = 13', 'one hold 13 443']);
  await node.killAgent();
  await played(t, stage, [
    'one speak 13 443',
    'one ask dnsmasq away.domain.com = 15',
    'one reach 15 443',
    'two miss 15 443',
    'one ask unbound/tcp www.other.com = REFUSED',
    'one ask dnsmasq bucket.s3.domain.com = one',
    'one reach last 443',
    'two ask unbound back.domain.com = 16',
    'two reach 16 443',
    'one miss 16 443',
  ]);
  await node.startAgent();
  await played(t, stage, [
    'one speak 13 443',
    'one reach 15 443',
    'two miss 15 443',
    'two reach 16 443',
    'two ask dnsmasq away.domain.com = 15',
    'two reach 15 443',
    'two ask dnsmasq www.other.com = REFUSED',
  ]);
}

type GoesOn = () => Promise<void>;

/** Datagrams that the kernel of a busy machine did not keep for a server. */
interface Overflown {
  readonly overflown: number;
}

interface Stream {
  readonly rate: number;
  readonly names?: Readonly<Record<string, string>>;
}

const usualNames = {
  'www.domain.com': 'NOERROR',
  'api-1.domain.com': 'NOERROR',
  'www.other.com': 'REFUSED',
  'shared.domain.com': 'NOERROR',
};

/** So many questions a second while something happens, and a second before it and after it. */
async function poured(
  stage: DnsStage,
  { rate, names = usualNames }: Stream,
  act: (goesOn: GoesOn) => Promise<void>,
): Promise<Poured & Overflown> {
  const overflown = await stage.overflown('kube-system/dnsmasq');
  await stage.act('shop/pourer', { act: 'pour', server: stage.address('dnsmasq', 4), rate, names, lostMs });
  const tally = (): Promise<Poured> => stage.act('shop/pourer', { act: 'poured' });
  const goesOn = async () => {
    const { answered } = await tally();
    await until('answers come', async () => (await tally()).answered >= answered + rate);
  };
  await goesOn();
  await act(goesOn);
  await goesOn();
  const got: Poured = await stage.act('shop/pourer', { act: 'end' });
  return { ...got, overflown: (await stage.overflown('kube-system/dnsmasq')) - overflown };
}

async function comeAndGo(t: Test, stage: DnsStage, home: string): Promise<void> {
  const node = stage.cluster.node(home);
  const proxy = new NodeProxy(node);
  const got = await poured(stage, { rate }, async () => {
    for (let time = 0; time < Math.max(sizes.restarts, sizes.upgrades); time += 1) {
      if (time < sizes.restarts) await node.restartAgent();
      if (time < sizes.upgrades) await proxy.upgrade();
    }
  });
  t.comment(`${sizes.restarts} restarts and ${sizes.upgrades} upgrades: ${JSON.stringify(got)}`);
  t.match(got, { lost: 0, wrong: 0 }, got.words.join());
  t.ok(got.failed <= got.overflown, 'no question failed that its server was told');
  t.equal(got.answered, got.asked);
}

/** What it had in its hands is lost with it, as any server's is: who asked asks again. */
async function killed(t: Test, stage: DnsStage, home: string): Promise<void> {
  const proxy = new NodeProxy(stage.cluster.node(home));
  await played(t, stage, ['one ask dnsmasq late.domain.com = 18', 'one hold 18 443']);
  const got = await poured(stage, { rate: slowRate }, async (goesOn) => {
    for (let time = 0; time < sizes.kills; time += 1) {
      await proxy.kill();
      await goesOn();
    }
  });
  t.comment(`${sizes.kills} times killed: ${JSON.stringify(got)}`);
  t.equal(got.wrong, 0, got.words.join());
  const after = await poured(stage, { rate: slowRate }, (goesOn) => goesOn());
  t.match(after, { lost: 0, wrong: 0 }, 'and nothing of what is asked later');
  t.ok(after.failed <= after.overflown);
  await played(t, stage, ['one speak 18 443', 'one reach 18 443', 'two miss 18 443', 'one ask dnsmasq www.other.com = REFUSED']);
}

async function withoutProxy(t: Test, stage: DnsStage, home: string): Promise<void> {
  const node = stage.cluster.node(home);
  const proxy = new NodeProxy(node);
  await node.killAgent();
  await proxy.destroy();
  await stage.askedOfAuthority();
  const silent = ['one ask dnsmasq', 'one ask unbound/tcp', 'one ask author', 'direct ask author'];
  await Promise.all(silent.map((words) => played(t, stage, [`${words} narrow.domain.com = silence`])));
  await played(t, stage, ['one reach 18 443']);
  t.notOk((await stage.askedOfAuthority()).includes('narrow.domain.com'), 'no server was asked');
  await node.startAgent(['--dns-reject', 'nxdomain']);
  const served = ['one ask dnsmasq narrow.domain.com = 17', 'one reach 17 443'];
  await until('it serves again', async () => (await play(stage, { name: '', steps: served }, 4)).length === 0);
  await played(t, stage, [
    ...served,
    'one reach 18 443',
    'two miss 17 443',
    'one ask dnsmasq www.other.com = NXDOMAIN',
    'one ask unbound/tcp www.other.com = NXDOMAIN',
    'direct ask author:5353 api-1.domain.com = 10',
  ]);
}
