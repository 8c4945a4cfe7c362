// The plugin's files, where runtimes look for them.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { installPlugin, removeConflist, removePlugin, writeConflist } from '../../orchestrator/cni/install.ts';
import { buildPlugin } from '../support/cni-build.ts';

function folderOf(t: { teardown(end: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-install-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

t.test('the configuration names the plugin, its agent and its queue', async (t) => {
  const folder = join(folderOf(t), 'net.d');
  const path = writeConflist({ folder, socket: '/run/axoneme/axoneme.sock', deleteQueue: '/var/lib/axoneme/delete-queue', mtu: 1450 });
  t.equal(path, join(folder, '05-axoneme.conflist'));
  t.same(JSON.parse(readFileSync(path, 'utf8')), {
    cniVersion: '1.0.0',
    cniVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    name: 'axoneme',
    plugins: [{ type: 'axoneme-cni', socket: '/run/axoneme/axoneme.sock', deleteQueue: '/var/lib/axoneme/delete-queue', mtu: 1450 }],
  });
  t.same(readdirSync(folder), ['05-axoneme.conflist'], 'nothing half written beside it');
});

t.test('a configuration that is as wanted is not written again, and another one is replaced', async (t) => {
  const folder = folderOf(t);
  const options = { folder, socket: '/s', deleteQueue: '/q' };
  const path = writeConflist(options);
  const { ino, mtimeMs } = statSync(path);
  writeConflist(options);
  t.match(statSync(path), { ino, mtimeMs });
  writeConflist({ ...options, socket: '/other' });
  t.not(statSync(path).ino, ino, 'whole: a new file in the place of the old one');
  t.match(readFileSync(path, 'utf8'), '/other');
});

t.test('the plugin is a program and its code, and both go again', async (t) => {
  buildPlugin();
  const binFolder = join(folderOf(t), 'bin with spaces');
  const path = installPlugin({ binFolder, node: "/opt/it's/node" });
  t.match(readFileSync(path, 'utf8'), `exec '/opt/it'\\''s/node' "\${0%/*}/axoneme-cni.cjs"`);
  t.equal(statSync(path).mode & 0o777, 0o755);
  t.same(readdirSync(binFolder).sort(), ['axoneme-cni', 'axoneme-cni.cjs']);
  chmodSync(path, 0o600);
  const mask = process.umask(0o077);
  installPlugin({ binFolder, node: "/opt/it's/node" });
  process.umask(mask);
  t.equal(statSync(path).mode & 0o777, 0o755, 'it can be run again');
  t.same(removePlugin(binFolder), [path, `${path}.cjs`]);
  t.same(removePlugin(binFolder), []);
  t.same(readdirSync(binFolder), []);
});

t.test('removing the configuration tells what there was, with what was left half written', async (t) => {
  const folder = folderOf(t);
  const path = writeConflist({ folder, socket: '/s', deleteQueue: '/q' });
  const [unfinished, others] = [join(folder, '.05-axoneme.conflist.77.tmp'), ['.10-other.conflist.77.tmp', '10-other.conflist']];
  for (const file of [unfinished, ...others.map((name) => join(folder, name))]) writeFileSync(file, '{}');
  t.same(removeConflist(folder), [unfinished, path]);
  t.same(removeConflist(folder), []);
  t.same(readdirSync(folder).sort(), others, 'those of others stay');
  t.same(removeConflist(join(folder, 'none')), []);
});

t.test('a disk that is full is an error, and the old file stays', async (t) => {
  const folder = folderOf(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', folder], { stdio: 'pipe' });
  } catch {
    t.comment('no tmpfs may be mounted here');
    return;
  }
  t.teardown(() => execFileSync('umount', ['-l', folder]));
  const path = writeConflist({ folder, socket: '/s', deleteQueue: '/q' });
  const before = readFileSync(path, 'utf8');
  writeFileSync(join(folder, 'filler'), Buffer.alloc(4096));
  t.throws(() => writeConflist({ folder, socket: '/other', deleteQueue: '/q' }), { code: 'ENOSPC' });
  t.equal(readFileSync(path, 'utf8'), before);
  t.same(readdirSync(folder).sort(), ['05-axoneme.conflist', 'filler'], 'and nothing half written is left');
});
