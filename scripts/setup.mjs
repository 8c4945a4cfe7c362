// Brings a checkout to the point where a command can run: packages from npm, compilers from the system, what is built from
// sources. Plain JavaScript for any Node an `npm` may come with, because it runs before Node 24 is here.
//
//   node scripts/setup.mjs [compilers] [build] [yardstick] [stores] [kernels] [runners]
//
//   (nothing)  node_modules as package-lock.json says
//   compilers  and clang with libbpf's headers
//   build      and build/datapath.wasm, build/datapath.bpf.o as new as their sources
//   yardstick  and gcc, iptables, nft, ping, slirp4netns and unbound, for tests and what benchmarks are compared with
//   runners    and the test runners under which the library's examples are run, apart from all other packages
//   stores     and etcd, which clusters keep their state in
//   sandbox    and what nodes and pods of a sandbox are made of
//   kernels    and QEMU with what boots other kernels, for test/kernel-matrix.test.ts
//
// Says what it installs and why, installs system packages only as root and with apt, and is quiet when nothing is missing.
// AXONEME_APT=no forbids it to touch the system.
import { mkdirSync } from 'node:fs';
import { buildIfStale } from './setup/build.mjs';
import { installModulesIfStale, installRunnersIfStale } from './setup/modules.mjs';
import { fail } from './setup/say.mjs';
import { installSystemPackages } from './setup/system.mjs';

const wants = new Set(process.argv.slice(2));
const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '');
process.chdir(root);
mkdirSync('build', { recursive: true });

// They ask different servers, and none needs another.
const [areModulesHere, missing] = await Promise.all([
  installModulesIfStale(),
  installSystemPackages({
    compilers: wants.has('compilers') || wants.has('build'),
    loader: wants.has('build'),
    yardstick: wants.has('yardstick'),
    stores: wants.has('stores'),
    sandbox: wants.has('sandbox'),
    kernels: wants.has('kernels'),
  }),
  wants.has('runners') && installRunnersIfStale(),
]);
if (!areModulesHere) fail('npm ci failed: nothing can run without its packages; its message stands above');
if (wants.has('build')) await buildIfStale(missing);
