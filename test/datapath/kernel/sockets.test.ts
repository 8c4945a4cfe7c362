// The programs for sockets as links: what outlives a process, what takes their place, and what is said where they cannot be.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readElf } from '../../../kernel/verify/machine/elf.ts';
import { socketConfigSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { Bpf } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { type KernelDatapath, openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { socketProgramNames } from '../../../orchestrator/datapath/kernel/sockets.ts';
import { cgroupMount } from '../../kernel/sockets/world.ts';
import { bpffsFolder, kernelObject, kernelSkip } from '../../support/kernel.ts';
import { smallSizes } from '../../support/small-sizes.ts';

const mount = cgroupMount();
const skip = (await kernelSkip()) || (mount === undefined && 'there is no unified hierarchy of cgroups here');

t.setTimeout(900_000);

t.test('programs for sockets', { skip }, async (t) => {
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const folder = await bpffsFolder();
  const cgroups = ['a', 'b'].map((name) => `${mount}/axoneme-test-${process.pid}-links-${name}`) as [string, string];
  for (const cgroup of cgroups) mkdirSync(cgroup);
  t.teardown(() => {
    folder.remove();
    rmdirSync(cgroups[1]);
  });
  const open = (keepsPrograms = false): Promise<KernelDatapath> =>
    openKernelDatapath({ bpffsFolder: folder.path, object: kernelObject, sizes: smallSizes, keepsPrograms });

  /** Number of each link, and of the program that it runs. */
  const links = (): { ids: number[]; programs: number[] } => {
    const found = socketProgramNames.flatMap((name) => {
      const link = bpf.get(`${folder.path}/links/${name}`);
      if (link < 0) return [];
      const info = new Uint8Array(64);
      bpf.info(link, info);
      libc.close(link);
      const view = new DataView(info.buffer);
      return [{ id: view.getUint32(4, true), program: view.getUint32(8, true) }];
    });
    return { ids: found.map(({ id }) => id), programs: found.map(({ program }) => program) };
  };

  const first = await open();
  t.same(links().ids, [], 'nothing is put on anything by opening');
  await first.attachSockets(cgroups[0]);
  const before = links();
  t.equal(new Set(before.ids).size, 8);
  t.ok(((await first.map(socketConfigSpec).get(0))?.hostNamespace ?? 0n) > 0n, 'the node’s own namespace is known');
  await first.attachSockets(cgroups[0]);
  t.same(links(), before, 'doing it again changes nothing');
  await first.close();
  t.same(links(), before, 'the end of the process changes nothing');

  const second = await open();
  const renewed = links();
  t.same(renewed.ids, before.ids, 'another life keeps the links');
  t.ok(
    renewed.programs.every((program) => !before.programs.includes(program)),
    '... and all of them run its programs already',
  );
  await second.close();

  const third = await open(true);
  t.same(links(), renewed, 'a life that uses the programs on changes nothing');
  await third.attachSockets(cgroups[1]);
  t.ok(
    links().ids.every((id) => !before.ids.includes(id)),
    'on another cgroup they are other links',
  );
  rmdirSync(cgroups[0]);
  t.pass('nothing holds the first cgroup');
  await third.attachSockets(cgroups[1]);
  await t.rejects(third.attachSockets(cgroups[0]), { code: 'ATTACH_FAILED', message: /cgroup .*links-a: ENOENT \(not found\)/ });
  t.equal(links().ids.length, 8, 'a cgroup that is not there leaves everything as it was');
  await t.rejects(third.attachSockets('/tmp'), { code: 'ATTACH_FAILED', message: /cgroup \/tmp: hook socket_connect4: EBADF/ });
  t.same(links().ids, [], 'what is no cgroup has nothing on it, nor has anything else');

  mkdirSync(cgroups[0]);
  await third.attachSockets(cgroups[0]);
  rmdirSync(cgroups[0]);
  await third.attachSockets(cgroups[1]);
  t.equal(links().ids.length, 8, 'a cgroup that went is no hindrance');
  await third.remove();
  t.notOk(readdirSync('/sys/fs/bpf').includes(folder.path.split('/').pop() ?? ''), 'with the datapath they are removed');
});

t.test('a kernel that refuses the programs for sockets takes all others', { skip: await kernelSkip() }, async (t) => {
  const temporary = mkdtempSync(join(tmpdir(), 'sockets-'));
  const folder = await bpffsFolder();
  t.teardown(() => {
    rmSync(temporary, { recursive: true });
    folder.remove();
  });
  // An instruction that no kernel knows, as the first one of a program.
  const object = join(temporary, 'refused.o');
  const bytes = readFileSync(kernelObject);
  const section = readElf(bytes).sections.find(({ name }) => name === 'cgroup/sendmsg6');
  bytes.fill(0xff, section?.offset, (section?.offset ?? 0) + 8);
  writeFileSync(object, bytes);

  const datapath = await openKernelDatapath({ bpffsFolder: folder.path, object, sizes: smallSizes });
  t.match(datapath.socketRefusal, /socket_sendmsg6.*failed to load/s, 'with the reason');
  t.ok(datapath.program('from_pod') > 0);
  await t.rejects(datapath.attachSockets(mount ?? '/sys/fs/cgroup'), { code: 'ATTACH_FAILED', message: /socket_sendmsg6/ });
  await datapath.remove();
});
