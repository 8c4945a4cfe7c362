// The probe tells what this host allows, and why it chooses a mode, whatever the host refuses.

import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Capability, chooseMode, type Mode } from '../../orchestrator/datapath/capability.ts';
import { probe, resolveMode } from '../../orchestrator/datapath/probe.ts';
import { runAsUser } from '../support/user-process.ts';

const works = (name: string, neededBy: readonly Mode[] = ['kernel']): Capability => {
  return { name, enables: 'something', works: true, answer: 'works', neededBy };
};
const refused = (name: string, neededBy?: readonly Mode[]): Capability => ({
  ...works(name, neededBy),
  works: false,
  answer: 'EPERM (not permitted)',
});
const found = (...capabilities: Capability[]) => ({ capabilities, choice: chooseMode(capabilities) });

t.test('kernel mode is chosen when all that it needs works, other things missing or not', async (t) => {
  t.equal(chooseMode([works('a'), refused('b', []), refused('c', ['wasm'])]).mode, 'kernel');
});

t.test('without one needed thing the choice is wasm, and names it with the host’s answer and what wasm costs', async (t) => {
  const choice = chooseMode([works('a'), refused('ring buffer'), refused('c'), works('TUN', ['wasm'])]);
  t.match(choice, { mode: 'wasm', servesPods: true, sentence: /no kernel mode without ring buffer: EPERM \(not permitted\); .*µs of CPU/ });
});

t.test('where neither mode can serve pods, the choice says what each lacks', async (t) => {
  const choice = chooseMode([refused('bpf(2)'), refused('TUN', ['wasm'])]);
  t.match(choice, { mode: 'wasm', servesPods: false });
  t.match(choice.sentence, /without bpf\(2\): EPERM.*; and for tests only: pods have no network without TUN: EPERM/);
});

t.test('a wish is followed where the host allows it, and answered where it does not', async (t) => {
  t.match(resolveMode(found(works('a')), 'auto'), { mode: 'kernel' });
  t.match(resolveMode(found(works('a')), 'wasm'), { mode: 'wasm', sentence: 'wasm mode: asked for' });
  t.match(resolveMode(found(refused('a')), 'kernel'), {
    mode: 'wasm',
    sentence: /kernel mode was asked for, but this host refuses a \(EPERM/,
  });
  t.match(resolveMode(found(works('a'), refused('TUN', ['wasm'])), 'wasm'), {
    mode: 'kernel',
    sentence: /kernel mode: wasm mode was asked for, but this host refuses TUN \(EPERM/,
  });
});

t.test('this host gets an answer for everything, and the same one twice', async (t) => {
  const [first, second] = [await probe(), await probe()];
  t.same(first, second);
  for (const { name, answer, enables } of first.capabilities) t.ok(answer !== '' && enables !== '', `${name}: ${answer}`);
});

const url = (path: string) => JSON.stringify(new URL(`../../orchestrator/${path}`, import.meta.url).href);

/** Runs the probe in a process to which less is left, and then a packet in the mode that it chose. */
const script = `
  import { probe } from ${url('datapath/probe.ts')};
  import { openWasmDatapath } from ${url('datapath/wasm/wasm-datapath.ts')};
  const { capabilities, choice } = await probe();
  const datapath = await openWasmDatapath();
  const { reason } = await datapath.run(1, new Uint8Array(1));
  console.log(JSON.stringify({ refused: capabilities.filter((one) => !one.works).map((one) => one.name + ': ' + one.answer), choice, reason }));
`;

interface Restriction {
  readonly what: string;
  /** Before the probe's command. */
  readonly through: readonly string[];
  /** How bpf(2) is answered by a seccomp filter. */
  readonly withoutBpf?: number;
  readonly refused: RegExp;
  readonly sentence: RegExp;
}

/** As udev leaves the device on most hosts: open to everybody. */
const makeTun = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"';
const openTun = ['unshare', '--mount', 'sh', '-c', makeTun, 'sh'];

const restrictions: readonly Restriction[] = [
  {
    what: 'root without capabilities',
    through: ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'],
    refused: /^bpf\(2\): EPERM \(not permitted\)$/m,
    sentence: /no kernel mode without bpf\(2\): EPERM .*for tests only: pods have no network without netlink: EPERM/,
  },
  {
    what: 'nobody',
    through: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
    refused: /^TUN: (EPERM|EACCES) \(/m,
    sentence: /no kernel mode without bpf\(2\): EPERM .*for tests only/,
  },
  {
    what: 'root without CAP_BPF and what implies it',
    through: ['setpriv', '--bounding-set', '-bpf,-sys_admin'],
    refused: /^network namespaces: EPERM \(not permitted\)$/m,
    sentence: /no kernel mode without .*for tests only: pods have no network without network namespaces: EPERM/,
  },
  {
    what: 'a container whose seccomp filter denies bpf(2)',
    through: [],
    withoutBpf: 1,
    refused: /^bpf\(2\): EPERM \(not permitted\)$/m,
    sentence: /^wasm mode: no kernel mode without bpf\(2\): EPERM \(not permitted\); packets go through TUN devices/,
  },
  {
    what: 'a container whose seccomp filter hides bpf(2)',
    through: [],
    withoutBpf: 38,
    refused: /^bpf\(2\): ENOSYS \(not known to this kernel\)$/m,
    sentence: /^wasm mode: no kernel mode without bpf\(2\): ENOSYS .*packets go through TUN devices/,
  },
  {
    what: 'a host without /dev/net/tun',
    through: ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /dev/net && exec "$@"', 'sh'],
    refused: /^TUN: ENOENT \(not found\)$/m,
    sentence: /^kernel mode/,
  },
  {
    what: 'a host without /dev/net/tun that denies bpf(2)',
    through: ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /dev/net && exec "$@"', 'sh'],
    withoutBpf: 1,
    refused: /^TUN: ENOENT \(not found\)$/m,
    sentence: /^wasm mode: no kernel mode without bpf\(2\): EPERM .*for tests only: pods have no network without TUN: ENOENT/,
  },
  {
    what: 'an ordinary user in namespaces of his own',
    through: [...openTun, 'setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'unshare', '-Urnm'],
    refused: /^bpf\(2\): EPERM \(not permitted\)$/m,
    sentence: /^wasm mode: no kernel mode without bpf\(2\): EPERM .*packets go through TUN devices/,
  },
];

const filter = fileURLToPath(new URL('../support/without-bpf.ts', import.meta.url));

for (const { what, through, withoutBpf, refused, sentence } of restrictions) {
  t.test(`${what} gets a clear account and the right choice`, async (t) => {
    const filtered = withoutBpf === undefined ? [] : ['--import', filter];
    const command = [...through, process.execPath, ...filtered, '--input-type=module', '--eval', script];
    const environment = withoutBpf === undefined ? {} : { WITHOUT_BPF: `${withoutBpf}` };
    const child = runAsUser(command[0] as string, command.slice(1), fileURLToPath(new URL('.', import.meta.url)), environment);
    if (/No such file|setpriv: (setresuid|activate|apply)|unshare failed|permission denied|seccomp is refused/.test(child.stderr)) {
      t.plan(0, `not to be had here: ${child.stderr}`);
      return;
    }
    t.equal(child.status, 0, child.stderr);
    t.notMatch(child.stderr, /Error/);
    const { refused: list, choice, reason } = JSON.parse(child.stdout);
    t.match(list.join('\n'), refused);
    t.match(choice.sentence, sentence);
    t.not(reason, 0, 'packets are decided all the same');
  });
}
