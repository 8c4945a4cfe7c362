// Story: what a pod, the node and the proxy see of a redirect, told the same way of both datapaths.

import type { Test } from 'tap';
import { shell } from '../../support/netns.ts';
import { type Family, hostAddress } from '../../support/world.ts';
import { type Say, type Scene, state } from './scene.ts';
import type { Place } from './speaker.ts';

const shown = (name: string, family: Family) => {
  const address = hostAddress(name, family);
  return family === 'ipv4' ? address : `[${address}]`;
};
/** The longest that a missing answer is waited for. */
const silence = 700;

/** Who is asked, and who the proxy is told was: a pod here, one elsewhere, the world, the node, and services of pods. */
const servers = [
  ['server', 'server'],
  ['remote', 'remote'],
  ['world', 'world'],
  ['host', 'host'],
  ['node1', 'node1'],
  ['vip', 'other'],
  ['vip2', 'remote2'],
] as const;

export interface Cast {
  readonly client: Say;
  readonly server: Say;
  readonly node: Say;
}

export async function castOf(t: Test, scene: Scene): Promise<Cast> {
  const cast = {
    client: scene.speaker(scene.client),
    server: scene.speaker(scene.server),
    node: scene.speaker(),
  };
  const ports = [53, 5353];
  t.equal(await cast.server({ act: 'serve', name: 'server', ports, addresses: ['0.0.0.0', '::'] }), true);
  t.equal(await cast.node({ act: 'serve', name: 'node', ports: [53], addresses: ['0.0.0.0', '127.0.0.53', '::'] }), true);
  return cast;
}

export const queries = (family: Family): Place[] => servers.map(([name]) => [hostAddress(name, family), 53]);

export function answers(family: Family, text: string): string[] {
  return servers.map(([asked, real]) => `${hostAddress(asked, family)} 53: proxy ${shown(real, family)}:53 ${text}`).sort();
}

export async function answered(t: Test, { client }: Cast, family: Family): Promise<void> {
  const all = queries(family);
  for (const text of ['first', 'second']) {
    const said = await client({ act: 'ask', to: all, text, socket: family });
    t.same(said, answers(family, text), `${family}: datagrams of one socket to each server, the ${text} time`);
  }
  const long = 'x'.repeat(3000);
  t.match(await client({ act: 'ask', to: all.slice(0, 1), text: long }), [/53: proxy .*:53 x{20}/], `${family}: a datagram in fragments`);

  const text = 'y'.repeat(300_000);
  for (const [asked, real] of servers.filter(([name]) => !name.startsWith('vip'))) {
    const to = [[hostAddress(asked, family), 53]] as const;
    const first = await client({ act: 'connect', to, text, name: asked });
    t.same(first, [`proxy ${shown(real, family)}:53 300000`], `${family}: a connection to ${asked}`);
    t.equal(await client({ act: 'again', text, name: asked }), '300000', `${family}: ... that goes on`);
  }
  const to = [[hostAddress('vip', family), 54]] as const;
  const said = await client({ act: 'connect', to, text });
  t.same(said, [`proxy ${shown('other', family)}:53 300000`], `${family}: a connection to a service`);
}

/** Flows that the datapath knows, under policies that may have changed. */
export async function judgedAnew(t: Test, { client }: Cast, family: Family): Promise<void> {
  for (const [name] of servers.filter(([name]) => !name.startsWith('vip')))
    t.equal(await client({ act: 'again', text: 'z'.repeat(100_000), name }), '100000', `${family}: the connection to ${name} goes on`);
  const said = await client({ act: 'ask', to: queries(family), text: 'third', socket: family });
  t.same(said, answers(family, 'third'), `${family}: and datagrams do`);
}

/** Nothing else goes to the proxy. */
export async function leftAlone(t: Test, { client, server, node }: Cast, family: Family): Promise<void> {
  const at = (name: string, port: number): Place[] => [[hostAddress(name, family), port]];
  const answer = (name: string, port: number, who: string) => [`${hostAddress(name, family)} ${port}: ${who} hello`];
  const text = 'hello';
  t.same(await client({ act: 'ask', to: at('server', 5353), text }), answer('server', 5353, 'server'), `${family}: another port`);
  t.same(await server({ act: 'ask', to: at('host', 53), text }), answer('host', 53, 'node'), `${family}: a pod without such a policy`);
  t.same(await node({ act: 'ask', to: at('server', 53), text }), answer('server', 53, 'server'), `${family}: the node asks a pod`);
  for (const address of family === 'ipv4'
    ? ['127.0.0.53', '127.0.0.1', hostAddress('node1', family)]
    : ['::1', hostAddress('node1', family)]) {
    const to: Place[] = [[address, 53]];
    t.same(await node({ act: 'ask', to, text }), [`${address} 53: node hello`], `${family}: the node asks itself at ${address}`);
    t.same(await node({ act: 'connect', to, text }), ['node 5'], `${family}: ... by a connection`);
  }
}

/** Nobody gets what the proxy does not take. */
export async function dropped(t: Test, { client, server, node }: Cast, family: Family, to = queries(family)): Promise<void> {
  const count = async () => [await server({ act: 'count' }), await node({ act: 'count' })];
  const before = await count();
  t.same(await client({ act: 'ask', to, text: 'lost', socket: family, silence }), [], `${family}: no answer`);
  t.same(await client({ act: 'ask', to, text: 'lost', silence }), [], `${family}: ... from a new socket`);
  const said = await client({ act: 'connect', to, text: 'lost', silence });
  t.same(
    said,
    to.map(() => 'silence'),
    `${family}: no connection`,
  );
  t.same(await count(), before, `${family}: and none came to anybody else`);
}

/** From beginning to end, with one family's entries in the maps. */
export async function wholeStory(t: Test, scene: Scene, cast: Cast, family: Family): Promise<void> {
  const stage = scene.stage(family);
  await stage.write(state);
  // A translation of somebody else's is none of theirs.
  const table = family === 'ipv4' ? 'ip' : 'ip6';
  const others = `${table} saddr ${hostAddress('client', family)} meta l4proto { tcp, udp } th dport 53 redirect to :5353`;
  shell(`nft add table ${table} others; nft add chain ${table} others theirs '{ type nat hook prerouting priority dstnat; }'
    nft add rule ${table} others theirs '${others}'`);
  await dropped(t, cast, family);
  let stop = await scene.startProxy();
  await answered(t, cast, family);
  t.ok((await scene.translations()) > 0, `${family}: services were translated packet by packet`);
  await stage.write({ config: { absent: true }, epochs: ['client', 'server', 'remote', 'world', 'host', 'node1', 'other', 'remote2'] });
  await judgedAnew(t, cast, family);
  await leftAlone(t, cast, family);
  await stop();
  await dropped(t, cast, family);
  await leftAlone(t, cast, family);
  stop = await scene.startProxy();
  const again = { act: 'ask', to: queries(family), text: 'again', socket: family } as const;
  t.same(await cast.client(again), answers(family, 'again'), `${family}: another proxy goes on`);

  shell('nft flush ruleset');
  const node = ['host', 'node1'].map((name) => hostAddress(name, family));
  const elsewhere = queries(family).filter(([address]) => !node.includes(address));
  await dropped(t, cast, family, elsewhere);
  t.same(scene.host.apply(scene.plan), [], 'the next look at the node puts it right');
  t.same(await cast.client({ ...again, text: 'restored' }), answers(family, 'restored'), `${family}: restored`);
  await stop();
  await stage.clear();
}
