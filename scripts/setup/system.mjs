// System packages: what is missing of compilers, loader, etcd and QEMU, asked of apt when that is possible, else named as missing
// together with what will be skipped without it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './say.mjs';

/** One row a thing: is it here, which packages bring it (first that apt knows), what it is for, what is lost without it. */
const things = [
  {
    group: 'compilers',
    name: 'clang',
    here: () => findClang() !== undefined,
    packages: [['clang-19'], ['clang']],
    purpose: 'compiles kernel/ to eBPF',
    loss: 'kernel mode',
  },
  {
    group: 'compilers',
    name: 'bpf/bpf_helpers.h',
    here: () => existsSync('/usr/include/bpf/bpf_helpers.h'),
    packages: [['libbpf-dev']],
    purpose: 'the headers that kernel/ includes',
    loss: 'kernel mode',
  },
  {
    group: 'compilers',
    name: 'linux/bpf.h',
    here: () => existsSync('/usr/include/linux/bpf.h'),
    packages: [['linux-libc-dev']],
    purpose: "the kernel's own headers",
    loss: 'kernel mode',
  },
  {
    group: 'loader',
    name: 'libbpf.so',
    here: () => hasLibrary(/^libbpf\.so\.\d/),
    packages: [['libbpf1'], ['libbpf0']],
    purpose: 'opens and loads the compiled object',
    loss: 'kernel mode',
  },
  {
    group: 'yardstick',
    name: 'gcc',
    here: () => hasProgram('gcc') && existsSync('/usr/include/stdio.h'),
    packages: [['gcc', 'libc6-dev']],
    purpose: 'compiles the native loops that benchmarks are compared with',
    loss: 'the comparison',
  },
  {
    group: 'yardstick',
    name: 'iptables-restore',
    here: () => hasProgram('iptables-restore'),
    packages: [['iptables']],
    purpose: "loads a kube-proxy's rules that services are compared with",
    loss: 'that comparison',
  },
  {
    group: 'yardstick',
    name: 'slirp4netns',
    here: () => hasProgram('slirp4netns'),
    packages: [['slirp4netns']],
    purpose: 'the user-mode network that packets without eBPF are compared with',
    loss: 'that comparison',
  },
  {
    group: 'yardstick',
    name: 'nft',
    here: () => hasProgram('nft'),
    packages: [['nftables']],
    purpose: "loads a newer kube-proxy's rules that services are compared with",
    loss: 'that comparison',
  },
  {
    group: 'yardstick',
    name: 'unbound',
    here: () => hasProgram('unbound'),
    packages: [['unbound']],
    purpose: 'the second resolver that names are looked up at in tests and benchmarks',
    loss: 'what is tried with real resolvers',
  },
  {
    group: 'yardstick',
    name: 'ping',
    here: () => hasProgram('ping'),
    packages: [['iputils-ping']],
    purpose: 'asks pods and nodes whether packets of a given size arrive',
    loss: 'whatever is shown by ping',
  },
  {
    group: 'stores',
    name: 'etcd with etcdctl',
    here: () => hasProgram('etcd') && hasProgram('etcdctl'),
    packages: [['etcd-server', 'etcd-client'], ['etcd']],
    purpose: 'the key-value store that clusters are tested with',
    loss: 'whatever needs a cluster',
  },
  {
    group: 'stores',
    name: 'openssl',
    here: () => hasProgram('openssl'),
    packages: [['openssl']],
    purpose: 'makes the certificates of tests',
    loss: 'the tests of TLS',
  },
  {
    group: 'stores',
    name: 'kubectl',
    here: () => hasProgram('kubectl'),
    packages: [['kubernetes-client']],
    purpose: 'the client that the cluster API is tested with',
    loss: 'the test of its commands',
  },
  {
    group: 'sandbox',
    name: 'ip, unshare and nsenter',
    here: () => ['ip', 'unshare', 'nsenter'].every(hasProgram),
    packages: [['iproute2', 'util-linux']],
    purpose: 'makes the namespaces that nodes and pods of a sandbox are',
    loss: 'the sandbox',
  },
  {
    group: 'sandbox',
    name: 'dnsmasq',
    here: () => hasProgram('dnsmasq'),
    packages: [['dnsmasq-base']],
    purpose: "resolves names in a sandbox's clusters",
    loss: 'names in sandboxes',
  },
  {
    group: 'sandbox',
    name: 'curl',
    here: () => hasProgram('curl'),
    packages: [['curl']],
    purpose: 'what pods of the examples ask each other with',
    loss: 'the story of npm start',
  },
  {
    group: 'kernels',
    name: 'QEMU and what packs its initial file system',
    here: () => ['qemu-system-x86_64', 'busybox', 'cpio', 'modprobe', 'depmod', 'zstd', 'xz', 'dpkg-deb'].every(hasProgram),
    packages: [['qemu-system-x86', 'busybox-static', 'cpio', 'kmod', 'zstd', 'xz-utils']],
    purpose: 'boots Linux 6.1 and 6.12 to load the programs there',
    loss: 'the kernel matrix test',
  },
];

/** Names of the things that stay missing. */
export async function installSystemPackages(groups) {
  let missing = things.filter((thing) => groups[thing.group] && !thing.here());
  if (missing.length === 0) return [];
  const refusal = whyNoApt();
  if (!refusal) {
    for (const thing of missing) say(`installing ${choose(thing).join(' ')}: ${thing.purpose}`);
    if (!(await aptInstall(missing.flatMap(choose)))) say('apt-get could not install all of them');
    missing = missing.filter((thing) => !thing.here());
  }
  for (const thing of missing) {
    const reason = refusal ? `${refusal} to install ${thing.packages[0].join(' ')}` : 'apt-get did not bring it';
    say(`${thing.name} is missing (${thing.purpose}) and ${reason}: ${thing.loss} will be skipped`);
  }
  return missing.map((thing) => thing.name);
}

function whyNoApt() {
  if (process.env.AXONEME_APT === 'no') return 'AXONEME_APT=no forbids';
  if (!hasProgram('apt-get')) return 'there is no apt-get here';
  if (process.getuid?.() !== 0) return 'it takes root';
  return undefined;
}

/** The first set of packages that apt knows; the last one when it knows none, so that its message names something. */
function choose(thing) {
  const known = (name) => / Candidate: (?!\(none\))/.test(spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout ?? '');
  return thing.packages.find((names) => names.every(known)) ?? thing.packages[0];
}

async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const limits = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '-o', 'DPkg::Lock::Timeout=120'];
  const install = () => run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...limits, ...packages], env);
  // Lists may be absent (fresh containers) or older than the archive.
  return (await install()) || ((await run('apt-get', ['update', '-qq', ...limits], env)) && install());
}

/** Any clang that knows -mcpu=v3 (11 and later) will do; the pinned one first. */
function findClang() {
  return ['clang-19', 'clang', 'clang-20', 'clang-18', 'clang-17', 'clang-16'].find(hasProgram);
}

function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

function hasLibrary(pattern) {
  const folders = ['/usr/lib', '/lib', '/usr/lib64', '/lib64', '/usr/local/lib'];
  for (const folder of ['/usr/lib', '/lib']) {
    if (existsSync(folder)) for (const name of readdirSync(folder)) if (name.endsWith('-linux-gnu')) folders.push(join(folder, name));
  }
  return folders.some((folder) => existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name)));
}
