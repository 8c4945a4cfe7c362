// The real disk: full, read-only, not a folder; what an ADD says then, and what is left of it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { realDisk } from '../../orchestrator/endpoints/disk.ts';
import { add, addressesIn, del, message, Node, request } from './node.ts';

const folder = mkdtempSync(join(tmpdir(), 'axoneme-endpoints-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

function mount(name: string, options: string): { path: string; refused: string | false } {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { encoding: 'utf8' });
  return { path, refused: status !== 0 && `mounting a file system is refused here: ${stderr.trim()}` };
}

/** Why there can be no file systems of our own; false when there can. */
function mountSkip(): string | false {
  const { path, refused } = mount('probe', 'size=64k');
  if (refused === false) spawnSync('umount', [path]);
  return refused;
}

/** A file system of its own, until the test ends. */
function mounted(t: Test, name: string, options: string): string {
  const { path } = mount(name, options);
  // Files may still be on their way to it.
  t.teardown(() => spawnSync('umount', ['-l', path]));
  return path;
}

const skip = mountSkip();

function fill(path: string): void {
  for (const bytes of [4096, 1]) {
    try {
      for (let count = 0; ; count += 1) writeFileSync(join(path, `fill-${bytes}-${count}`), 'x'.repeat(bytes));
    } catch {
      // It is full now.
    }
  }
}

t.test('files are whole, private, and gone when they are to be', async (t) => {
  const stateFolder = join(folder, 'plain');
  const node = new Node();
  const before = await node.start({ stateFolder, disk: realDisk });
  t.equal((await add(before, 'c1')).code, 0);
  const path = join(stateFolder, 'endpoints', '1.json');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(stateFolder, 'endpoints')).mode & 0o777, 0o700);
  t.same(readdirSync(join(stateFolder, 'endpoints')).sort(), ['1.copy', '1.json']);
  t.equal(JSON.parse(readFileSync(path, 'utf8')).interface.pod, 'c1');
  const after = await node.start({ stateFolder, disk: realDisk });
  t.same([...after.table.rows()], [...before.table.rows()]);
  t.equal((await del(after, 'c1')).code, 0);
  t.same(readdirSync(join(stateFolder, 'endpoints')), []);
});

t.test('of a truncated file and a binary one nothing is lost; where the copies are spoilt too, their own pods only', async (t) => {
  const stateFolder = join(folder, 'truncated');
  const path = (name: string) => join(stateFolder, 'endpoints', name);
  const node = new Node();
  const before = await node.start({ stateFolder, disk: realDisk });
  for (const id of ['c1', 'c2', 'c3']) await add(before, id);
  const rows = [...before.table.rows()];
  truncateSync(path('1.json'), 100);
  writeFileSync(path('3.json'), Buffer.from([0xff, 0xfe, 0x00, 0x7b]));
  const mended = await node.start({ stateFolder, disk: realDisk });
  t.same([...mended.table.rows()], rows);
  t.same(mended.problems(), []);
  t.equal(node.warnings().length, 2);
  t.equal(readFileSync(path('1.json'), 'utf8'), readFileSync(path('1.copy'), 'utf8'), 'there are two again');
  for (const name of ['1.json', '1.copy']) truncateSync(path(name), 100);
  for (const name of ['3.json', '3.copy']) writeFileSync(path(name), Buffer.from([0xff, 0xfe, 0x00, 0x7b]));
  const after = await node.start({ stateFolder, disk: realDisk });
  t.same([...after.table.rows()], [rows[1]]);
  t.same(readdirSync(join(stateFolder, 'endpoints')).sort(), ['1.json.broken', '2.copy', '2.json', '3.json.broken']);
});

t.test('a full disk fails an ADD with its reason, leaves nothing of it, and does not keep pods from being deleted', { skip }, async (t) => {
  const stateFolder = mounted(t, 'full', 'size=64k');
  const node = new Node();
  const endpoints = await node.start({ stateFolder, disk: realDisk });
  await add(endpoints, 'c1');
  fill(stateFolder);
  const answer = await add(endpoints, 'c2');
  t.equal(answer.code, 5);
  t.match(message(answer), /^state: .*\/endpoints\/2\.(json|copy): ENOSPC: no space left on device/);
  t.same(readdirSync(join(stateFolder, 'endpoints')).sort(), ['1.copy', '1.json']);
  t.equal(node.machine.devices.size, 1);
  t.equal(endpoints.pools()[0].used, 1);
  t.match(await endpoints.cni(request('STATUS', '')), { code: 50, body: { msg: /cannot be written: ENOSPC/ } });
  t.equal((await del(endpoints, 'c1')).code, 0);
  t.same(readdirSync(join(stateFolder, 'endpoints')), []);
  for (const name of readdirSync(stateFolder)) if (name.startsWith('fill')) rmSync(join(stateFolder, name));
  t.same(await endpoints.cni(request('STATUS', '')), { code: 0 });
  t.equal((await add(endpoints, 'c2')).code, 0);
});

t.test('a read-only folder: pods that are there are served and can be deleted, new ones are told why not', { skip }, async (t) => {
  const stateFolder = mounted(t, 'read-only', 'size=1m');
  const node = new Node();
  await add(await node.start({ stateFolder, disk: realDisk }), 'c1');
  t.equal(spawnSync('mount', ['-o', 'remount,ro', stateFolder]).status, 0);
  const endpoints = await node.start({ stateFolder, disk: realDisk });
  t.equal(endpoints.table.size, 1);
  const answer = await add(endpoints, 'c2');
  t.equal(answer.code, 5);
  t.match(message(answer), /EROFS: read-only file system/);
  t.equal(node.machine.devices.size, 1);
  t.equal((await del(endpoints, 'c1')).code, 0);
  t.equal(node.machine.devices.size, 0);
  t.match(endpoints.problems().join('\n'), /endpoint 1 \(shop\/c1\): not released: .*EROFS/);
  t.equal(endpoints.pools()[0].used, 1, 'nothing is freed that a file still names');
  t.equal(spawnSync('mount', ['-o', 'remount,rw', stateFolder]).status, 0);
  const running = node.run(endpoints);
  for (let round = 0; round < 50 && endpoints.problems().length > 0; round += 1) {
    await node.clock.advance(60_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.same(endpoints.problems(), []);
  t.same(readdirSync(join(stateFolder, 'endpoints')), []);
  t.same(
    endpoints.pools().map(({ used }) => used),
    [0, 0],
  );
  node.stop();
  await running;
});

t.test('a state folder that is no folder ends the start with its name', async (t) => {
  const stateFolder = join(folder, 'file');
  writeFileSync(stateFolder, '');
  await t.rejects(new Node().start({ stateFolder, disk: realDisk }), {
    code: 'STATE_UNREADABLE',
    message: /^state: .*file\/endpoints: ENOTDIR/,
  });
});

t.test('a file that is a folder is a broken file', async (t) => {
  const stateFolder = join(folder, 'folder');
  for (const name of ['1.json', '1.copy']) mkdirSync(join(stateFolder, 'endpoints', name), { recursive: true });
  const node = new Node();
  const endpoints = await node.start({ stateFolder, disk: realDisk });
  t.match(endpoints.problems(), [/EISDIR/]);
  t.equal(addressesIn(await add(endpoints, 'c1'))[0], '10.11.0.2');
});
