// The end of a datapath: what it pinned goes, whatever can still be made of it; what others pinned stays.

import { existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { Bpf, mapType } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { Pins } from '../../../orchestrator/datapath/kernel/pins.ts';
import { removeKernelDatapath } from '../../../orchestrator/datapath/kernel/remove.ts';
import { bpffsFolder, kernelSkip } from '../../support/kernel.ts';
import { smallSizes } from '../../support/small-sizes.ts';

const skip = await kernelSkip();

t.test('everything that was pinned goes, with the hooks and the folders', { skip }, async (t) => {
  const bpffs = await bpffsFolder();
  t.teardown(() => bpffs.remove());
  const folder = join(bpffs.path, 'node');
  const datapath = await openKernelDatapath({ bpffsFolder: folder, sizes: smallSizes });
  await datapath.attach({ number: 1, kind: 'pod' });
  await datapath.close();
  const { pins, foreign } = await removeKernelDatapath(folder);
  t.ok(pins > 20, `${pins} pins`);
  t.same(foreign, []);
  t.notOk(existsSync(folder));
  t.same(await removeKernelDatapath(folder), { pins: 0, foreign: [] }, 'and once more');
});

t.test('what could not be opened any more goes too; what is not named like ours stays with its folder', { skip }, async (t) => {
  const bpffs = await bpffsFolder();
  t.teardown(() => bpffs.remove());
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const pins = new Pins(join(bpffs.path, 'node'), bpf, libc);
  const map = bpf.mapCreate({ type: mapType.array, keySize: 4, valueSize: 8, entries: 1 });
  for (const name of ['policy@0123456789abcdef', 'policy@fedcba9876543210~old', 'gone@0~new'])
    pins.put(join(pins.folder, 'maps', name), map);
  libc.close(map);
  const stranger = join(pins.folder, 'maps/Stranger');
  linkSync(join(pins.folder, 'maps/gone@0~new'), stranger);
  t.same(await removeKernelDatapath(pins.folder), { pins: 3, foreign: [stranger] });
  t.same(readdirSync(join(pins.folder, 'maps')), ['Stranger']);
  rmSync(stranger);
});

t.test('a bpffs that was mounted for it is taken away, one of others is not', { skip }, async (t) => {
  const libc = await openLibc();
  for (const isOthers of [false, true]) {
    const folder = mkdtempSync(join(tmpdir(), 'axoneme-remove-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const isMounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder} `);
    if (isOthers) libc.mount('bpf', folder, 'bpf', 0, null);
    void new Pins(folder, new Bpf(libc), libc);
    t.ok(isMounted());
    await removeKernelDatapath(folder);
    t.equal(isMounted(), isOthers);
    t.equal(existsSync(folder), isOthers);
    libc.umount(folder);
  }
  t.same(await removeKernelDatapath(tmpdir()), { pins: 0, foreign: [] }, 'a folder that is on none');
});

t.test('where the system has mounted no bpffs, one is mounted at its place, and taken away', { skip }, async (t) => {
  const bpffs = await bpffsFolder();
  const libc = await openLibc();
  const place = dirname(bpffs.path);
  const types = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.split(' ')[4] === place);
  while (types().length > 0) libc.umount(place);
  const pins = new Pins(join(bpffs.path, 'node'), new Bpf(libc), libc);
  t.equal(types().length, 1);
  t.ok(existsSync(join(pins.folder, 'maps')));
  t.throws(() => new Pins('/sys/nowhere/node', new Bpf(libc), libc), { code: 'BPF_CALL_FAILED', message: /^bpffs \/sys\/nowhere\/node: / });
  rmSync(pins.folder, { recursive: true });
  void new Pins(bpffs.path, new Bpf(libc), libc);
  await removeKernelDatapath(bpffs.path);
  t.equal(types().length, 0);
  libc.mount('bpf', place, 'bpf', 0, null);
});
