// Endpoints on a real host: devices in namespaces, files on a disk.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { realDisk } from '../../orchestrator/endpoints/disk.ts';
import { deviceName } from '../../orchestrator/endpoints/names.ts';
import { type Host, openHost } from '../../orchestrator/host/host.ts';
import { ip, makeNetns, networkSkip } from '../support/netns.ts';
import { add, addressesIn, del, message, Node, request } from './node.ts';

const skip = await networkSkip();

async function nodeFor(t: {
  teardown(end: () => void): void;
}): Promise<{ node: Node; host: Host; options: { stateFolder: string; host: Host; disk: typeof realDisk } }> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'axoneme-endpoints-'));
  const host = await openHost();
  t.teardown(() => {
    host.cleanup();
    host[Symbol.dispose]();
    rmSync(stateFolder, { recursive: true });
  });
  return { node: new Node(), host, options: { stateFolder, host, disk: realDisk } };
}

t.test('a pod is added, checked, found again and deleted, and nothing is left', { skip }, async (t) => {
  const { node, options } = await nodeFor(t);
  using pod = await makeNetns();
  const netns = pod.path;
  const before = await node.start(options);
  const answer = await add(before, 'c1', { netns });
  t.equal(answer.code, 0, JSON.stringify(answer.body));
  const device = deviceName({ containerId: 'c1', ifname: 'eth0' });
  const [link] = ip(`link show ${device}`);
  const [row] = before.table.rows();
  t.match(row, { port: link.ifindex, gatewayMac: link.address, mtu: link.mtu });
  t.same(
    ip('addr show eth0', pod)[0].addr_info.map(({ local }: { local: string }) => local),
    addressesIn(answer),
  );
  t.same(await before.cni(request('CHECK', 'c1', { netns })), { code: 0 });

  const after = await node.start(options);
  t.same([...after.table.rows()], [row]);
  t.same(await add(after, 'c1', { netns }), answer);
  t.same(await del(after, 'c1', { netns: '' }), { code: 0 });
  t.same(
    ip('link show').filter(({ ifname }: { ifname: string }) => ifname.startsWith('axn')),
    [],
  );
  t.same(readdirSync(join(options.stateFolder, 'endpoints')), []);
  t.match(await after.cni(request('CHECK', 'c1', { netns })), { code: 3 });
});

t.test('a namespace that is none fails the ADD with its path, and nothing is left', { skip }, async (t) => {
  const { node, options } = await nodeFor(t);
  const endpoints = await node.start(options);
  for (const netns of ['/proc/self/ns/uts', '/nowhere', '/dev/null']) {
    const answer = await add(endpoints, 'c1', { netns });
    t.equal(answer.code, 4, message(answer));
    t.match(message(answer), netns);
  }
  t.equal(endpoints.table.size + readdirSync(join(options.stateFolder, 'endpoints')).length, 0);
  t.same(
    endpoints.pools().map(({ used }) => used),
    [0, 0],
  );
});

t.test('a pod whose namespace went with its device is dropped by the next life', { skip }, async (t) => {
  const { node, options } = await nodeFor(t);
  {
    using pod = await makeNetns();
    await add(await node.start(options), 'c1', { netns: pod.path });
    ip(`link delete ${deviceName({ containerId: 'c1', ifname: 'eth0' })}`);
  }
  const after = await node.start(options);
  t.equal(after.table.size, 0);
  t.same(await del(after, 'c1'), { code: 0 });
  t.same(readdirSync(join(options.stateFolder, 'endpoints')), []);
});

t.test('an ADD and a DEL take a few milliseconds', { skip }, async (t) => {
  const { node, options } = await nodeFor(t);
  const endpoints = await node.start(options);
  const [adds, dels]: [number[], number[]] = [[], []];
  for (let round = 0; round < 20; round += 1) {
    using pod = await makeNetns();
    const began = performance.now();
    t.equal((await add(endpoints, `c${round}`, { netns: pod.path })).code, 0);
    const added = performance.now();
    await del(endpoints, `c${round}`);
    adds.push(added - began);
    dels.push(performance.now() - added);
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1];
  t.comment(`median of an ADD ${median(adds).toFixed(1)} ms, of a DEL ${median(dels).toFixed(1)} ms`);
  t.ok(median(adds) < 100, 'even on a busy machine');
});
