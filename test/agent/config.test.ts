// The agent's flags: where they may be said, which comes first, and what is not understood.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeFolder } from '../../orchestrator/agent/make-folder.ts';
import { configHelp, readConfig } from '../../orchestrator/config.ts';

t.test('without flags there is a configuration, and it is the one that the help tells', async (t) => {
  const { config, warnings } = readConfig([], {});
  t.match(config, {
    clusterName: 'default',
    clusterId: 0,
    routingMode: 'overlay',
    tunnelPort: 8472,
    masquerade: true,
    healthIntervalMs: 60_000,
  });
  t.same(warnings, []);
  for (const [name, text] of Object.entries(config.texts)) {
    if (text !== '') t.match(configHelp(), new RegExp(`--${name} .*\\(${text.replaceAll('/', '\\/')}\\)`), name);
  }
});

t.test('flags come before the environment, and that before files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of [
    ['cluster-name', 'file\n'],
    ['cluster-id', '3\n'],
    ['tunnel-port', '9000'],
    ['typo', '1'],
  ] as const)
    writeFileSync(join(folder, name), text);
  // How a mounted ConfigMap is exchanged.
  mkdirSync(join(folder, '..data'));
  const environment = { AXONEME_CLUSTER_ID: '4', AXONEME_CLUSTER_NAME: 'environment' };
  const { config, warnings } = readConfig(['--config-dir', folder, '--cluster-name=flag'], environment);
  t.match(config, { clusterName: 'flag', clusterId: 4, tunnelPort: 9000 });
  t.equal(warnings.length, 1);
  t.match(warnings[0], /typo: no such option/);
});

t.test('lists, truths and sizes are read', async (t) => {
  const { config } = readConfig(
    ['--policy-audit', '--etcd-endpoints', 'https://a:1, https://b:1', '--map-entries=policy=10,conntrack=20', '--masquerade', 'false'],
    {},
  );
  t.match(config, {
    policyAudit: true,
    masquerade: false,
    etcdEndpoints: ['https://a:1', 'https://b:1'],
    mapEntries: { policy: 10, conntrack: 20 },
  });
});

for (const [args, message] of [
  [['--nodename', 'a'], /no such flag: "--nodename"/],
  [['--cluster-id', '256'], /--cluster-id: not 0 to 255/],
  [['--cluster-id', 'one'], /--cluster-id: not a whole number: "one"/],
  [['--routing-mode', 'tunnel'], /--routing-mode: not one of overlay, native: "tunnel"/],
  [['--masquerade', 'yes'], /no such flag|neither true nor false/],
  [['--kubeconfig'], /--kubeconfig: a value must follow/],
  [['--map-entries', 'policy'], /--map-entries: not a name and a number: "policy"/],
  [['--etcd-cert', 'x'], /one is nothing without the other/],
] as const) {
  t.test(`not understood: ${args.join(' ')}`, async (t) => {
    t.throws(() => readConfig(args, {}), { code: 'USAGE_INVALID', message });
  });
}

t.test('a folder that is not there is said with its name', async (t) => {
  t.throws(() => readConfig(['--config-dir', '/nowhere/at/all'], {}), { code: 'INPUT_UNREADABLE', message: /nowhere/ });
});

t.test('folders are made with those around them, and one that cannot be is said with its flag', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-folder-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  makeFolder('--state-dir', join(folder, 'a/b'), 0o700);
  makeFolder('--state-dir', join(folder, 'a/b'), 0o700);
  t.equal(statSync(join(folder, 'a/b')).mode & 0o777, 0o700);
  for (const path of ['/proc/nope', '/dev/null/nope']) {
    t.throws(() => makeFolder('--state-dir', path, 0o700), { code: 'STATE_UNWRITABLE', message: new RegExp(`--state-dir: ${path}`) });
  }
});
