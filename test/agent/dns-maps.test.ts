// The datapath's maps as the DNS proxy has them, on either machine: written at once, looked up as packets look them up, and two processes of
// it at a time.

import t, { type Test } from 'tap';
import { dnsSurroundings } from '../../orchestrator/agent/dns-maps.ts';
import type { Datapath } from '../../orchestrator/datapath/datapath.ts';
import { conntrackSpec, grantsSpec, ipcacheSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { openKernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openSharedDatapath } from '../../orchestrator/datapath/wasm/shared-datapath.ts';
import { MapChanges } from '../../orchestrator/dns/book/map-changes.ts';
import { addressKey } from '../../orchestrator/dns/engine/address-key.ts';
import type { NodeMaps } from '../../orchestrator/dns/engine/node-maps.ts';
import { readOptions } from '../../orchestrator/dns/process/options.ts';
import { addressWords, prefixWords, wordText } from '../../orchestrator/net/words.ts';
import { UserWorld } from '../datapath/process/world.ts';
import { bpffsFolder, kernelSkip } from '../support/kernel.ts';
import { networkSkip } from '../support/netns.ts';
import { smallSizes } from '../support/small-sizes.ts';

t.setTimeout(60_000);

/** The four words of an address, as `MapChanges` takes them. */
function words(address: string): Int32Array {
  const { hi, lo } = addressWords(address);
  return new Int32Array(BigInt64Array.of(hi, lo).buffer);
}

function write(maps: NodeMaps, addresses: readonly string[], removed: readonly string[] = []): number {
  const changes = new MapChanges(1024);
  for (const address of removed) changes.remove(words(address), 0, 7);
  for (const address of addresses) changes.write(words(address), 0, 7, Int32Array.of(0x1000001, 1234), 0, 1);
  return maps.grants.apply(changes);
}

async function behaves(t: Test, datapath: Datapath, open: () => Promise<NodeMaps>): Promise<void> {
  await using maps = await open();
  const told = async (): Promise<string[]> => {
    const rows: string[] = [];
    for await (const [key, value] of datapath.map(grantsSpec).entries())
      rows.push(`${key.endpoint} ${wordText(key)} ${value.identity0} ${value.expires0}`);
    return rows.sort();
  };
  t.equal(write(maps, ['192.0.2.1', '2001:db8::1']), 2);
  t.same(await told(), [`7 192.0.2.1 16777217 1234`, '7 2001:db8::1 16777217 1234']);
  t.equal(write(maps, ['192.0.2.2'], ['192.0.2.1', '192.0.2.99']), 1);
  t.same(await told(), [`7 192.0.2.2 16777217 1234`, '7 2001:db8::1 16777217 1234']);

  const found: number[] = [];
  for await (const { count } of maps.grants.entries()) found.push(count);
  t.equal(
    found.reduce((a, b) => a + b, 0),
    2,
  );
  const key = new Uint8Array(24);
  key.set(new Uint8Array(words('192.0.2.2').buffer));
  new DataView(key.buffer).setUint32(16, 7, true);
  t.equal(new DataView((maps.grants.read(key) as Uint8Array).slice().buffer).getUint32(0, true), 0x1000001);
  key[16] = 8;
  t.equal(maps.grants.read(key), undefined);

  await datapath.map(ipcacheSpec).update([
    [prefixWords('10.8.0.0/16'), { identity: 0x2000001, node: 0, flags: 0 }],
    [prefixWords('10.8.0.53/32'), { identity: 4242, node: 0, flags: 0 }],
  ]);
  const identities = ['10.8.0.53', '10.8.1.1', '192.0.2.1', 'fd08::1'].map((address) => maps.identities.find(addressKey(address)));
  t.same(identities, [4242, 0x2000001, 2, 2]);

  const flow = { lowHi: 0n, lowLo: 1n, highHi: 0n, highLo: 2n, lowPort: 1, highPort: 2, protocol: 6 };
  const blank = conntrackSpec.value.decode(new DataView(new ArrayBuffer(conntrackSpec.value.size)), 0);
  await datapath.map(conntrackSpec).update([[flow, blank]]);
  let flows = 0;
  for await (const { count, size, keys } of maps.flows.keys()) {
    for (let at = 0; at < count * size; at += size) if (keys[at + 8] === 1 && keys[at + 24] === 2) flows += 1;
  }
  t.equal(flows, 1);

  const many = Array.from({ length: 1000 }, (_, index) => `198.51.${index >> 8}.${index & 255}`);
  const written = write(maps, many);
  t.ok(written > 30 && written < 200, `${written} fit`);

  // One that takes over from another one.
  await using next = await open();
  t.equal(write(next, ['192.0.2.2']), 1);
  const one = new MapChanges(16);
  one.write(words('192.0.2.2'), 0, 7, Int32Array.of(0x1000001, 1234), 0, 1);
  const took: number[] = [];
  for (let count = 0; count < 2000; count += 1) {
    const started = performance.now();
    maps.grants.apply(one);
    took.push(performance.now() - started);
  }
  took.sort((a, b) => a - b);
  t.comment(
    `a grant is written within ${Math.round((took[1000] as number) * 1000)} µs, 99 % within ${Math.round((took[1980] as number) * 1000)} µs`,
  );
}

t.test('kernel', { skip: await kernelSkip() }, async (t) => {
  const folder = await bpffsFolder();
  const sizes = { ...smallSizes };
  const datapath = await openKernelDatapath({ bpffsFolder: folder.path, sizes });
  const options = readOptions(['--datapath', 'kernel', '--bpffs', folder.path]);
  await behaves(t, datapath, () => dnsSurroundings().openMaps(options));
  await using maps = await dnsSurroundings().openMaps(options);
  await datapath.close();
  const resized = await openKernelDatapath({ bpffsFolder: folder.path, sizes: { ...sizes, grants: 128 } });
  t.match(await maps.lost, 'other maps', 'a map of another size has taken the place');
  await resized.close();
  folder.remove();
});

t.test('userspace', { skip: await networkSkip() }, async (t) => {
  const world = new UserWorld(t);
  world.start();
  const folder = `${world.folder}/datapath`;
  await using datapath = await openSharedDatapath({ folder, waitMs: 20_000 });
  const options = readOptions(['--datapath', 'wasm', '--run-dir', world.folder]);
  await behaves(t, datapath, () => dnsSurroundings().openMaps(options));
});
