// The programs on the kernels that they promise to load on: Debian's own images, booted in QEMU, run the tour (every program loads
// and decides as WebAssembly does), the datapath's conformance suite (hooks by tcx or clsact, events, pins), calls of sockets, and SCTP.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildGuestProgram } from './support/guest-program.ts';
import { root } from './support/sources.ts';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const unavailable = 125;
/** Emulation is slow, and slower on a busy machine. */
const limitSeconds = 2400;
const program = 'build/guest.mjs';
/** One after the other with the same datapath: emulated, the verifier takes longer than all of them. */
const programText = `
import { tour } from './orchestrator/cli/tour.ts';
import { borrowTestKernel } from './test/support/kernel.ts';
const openKernel = async () => {
  const machine = await borrowTestKernel();
  return { machine, end: () => machine.close() };
};
process.exitCode = await tour({ write: (text) => void process.stdout.write(text), colour: false }, openKernel);
await import('./test/kernel/socket-call.test.ts');
await import('./test/kernel/sctp.test.ts');
await import('./test/datapath/kernel.test.ts');
`;
/** Emulating code that changes while it runs is what takes longest, so V8 interprets. */
const command = `uname -r; mount -t cgroup2 none /sys/fs/cgroup; TAP_TIMEOUT=2000 node_modules/.bin/node --no-opt --no-sparkplug --max-lazy ${program}`;

function bootAndRun(series: string): Promise<Ended> {
  // One CPU: two of an emulator wait for each other, the more the busier the machine is, and their code is not always well kept apart.
  const options = ['--kernel', series, '--cpus', '1', '--modules', 'veth sctp', '--memory', '3072', '--timeout', String(limitSeconds)];
  const child = spawn(join(root, 'test/support/kernel-vm'), [...options, '--', 'sh', '-c', command], { cwd: root });
  return new Promise((resolve) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** Statuses of a program that a signal ended (SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV). */
const crashes = [132, 133, 134, 135, 139];
const boots = 3;

/** Software emulation now and then corrupts the code that V8 writes while it runs, whatever the kernel: then boots anew. */
async function bootUntilEnded(series: string): Promise<Ended> {
  let ended = await bootAndRun(series);
  for (let boot = 1; boot < boots && crashes.includes(ended.status ?? 0); boot += 1) {
    t.comment(`Linux ${series}: Node died with status ${ended.status} in the emulator: booting again`);
    ended = await bootAndRun(series);
  }
  return ended;
}

const skip = !existsSync(join(root, 'build/datapath.bpf.o')) && 'there is no compiled object to load: clang is not here';
if (!skip) await buildGuestProgram(programText, join(root, program));

/** The oldest is always tried; what lies between it and the running one is as slow, and left to whoever has the time. */
const isLong = process.env.AXONEME_LONG === '1';

for (const series of ['6.1', '6.12']) {
  const isLeft = series !== '6.1' && !isLong && 'it is tried with AXONEME_LONG=1';
  t.test(
    `Linux ${series} accepts every program and passes the conformance suite`,
    { skip: skip || isLeft, timeout: boots * limitSeconds * 1000 },
    async (t) => {
      const { status, stdout, stderr } = await bootUntilEnded(series);
      if (status === unavailable) {
        t.pass(series, { skip: `Linux ${series} cannot be tried here: ${stderr.trim().split('\n').at(-1)}` });
        return;
      }
      const [release] = stdout.split('\n', 1);
      t.match(release, new RegExp(`^${series.replace('.', '\\.')}\\.`), `this is ${release}`);
      t.match(stdout, 'through kernel and wasm: the same decision, bytes and rules every time');
      const [, total, pass] = /# \{ total: (\d+), pass: (\d+) \}/.exec(stdout) ?? [];
      t.ok(Number(total) > 50 && total === pass, `${pass} of ${total} assertions of the conformance suite hold`);
      t.match(stdout, /ok \d+ - a call to a service, by this process #(?! SKIP)/, 'sockets are balanced');
      t.match(stdout, /ok \d+ - SCTP between two pods #(?! SKIP)/, 'SCTP arrives whole');
      t.equal(status, 0, status === 0 ? 'and nothing complained' : `${stdout}${stderr}`.slice(-4000));
    },
  );
}
