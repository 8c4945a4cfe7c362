// Room for the memory: on a file system that is too small for it the process says so and ends, and where others take the room that it may
// come to need its status says it. A page that cannot be had would kill it without a word.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { processProblems } from '../../../orchestrator/agent/process-health.ts';
import type { ProcessStatus } from '../../../orchestrator/datapath/wasm/hello.ts';
import { networkSkip } from '../../support/netns.ts';
import { smallSizes } from '../../support/small-sizes.ts';

t.setTimeout(240_000);
const skip = await networkSkip();
const entries = Object.entries(smallSizes)
  .map(([name, count]) => `${name}=${count}`)
  .join(',');

/** The process with a tmpfs of that size for itself, in a mount namespace of its own. */
function start(t: Test, megabytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-test-'));
  const script = 'mount -t tmpfs -o "size=$1m" tmpfs "$2"; shift 2; exec "$@"';
  const words = [
    process.execPath,
    'orchestrator/main.ts',
    'datapath-child',
    '--run-dir',
    folder,
    '--workers',
    '1',
    '--map-entries',
    entries,
  ];
  const child = spawn('unshare', ['--mount', 'sh', '-ec', script, 'sh', `${megabytes}`, folder, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, folder, said: () => said };
}

t.test('without room for all of it no memory is made, and the reason says what helps', { skip }, async (t) => {
  const { child, said } = start(t, 8);
  const [status, signal] = await once(child, 'close');
  t.equal(signal, null, 'nothing has killed it');
  t.not(status, 0);
  t.match(said(), /MEMORY_UNUSABLE/);
  t.match(said(), /it may come to need \d+ MiB, and [78] MiB are free: .*--map-entries/);
});

t.test('when others take the room that was free, the status says so while there is time', { skip }, async (t) => {
  const { child, folder, said } = start(t, 256);
  while (!said().includes('packets run')) {
    if (child.exitCode !== null) throw new Error(said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const inside = (command: string) => spawn('nsenter', [`--mount=/proc/${child.pid}/ns/mnt`, 'sh', '-c', command], { stdio: 'inherit' });
  const ask = async (): Promise<ProcessStatus> => {
    const script = `
      const socket = require('node:net').connect(process.argv[1] + '/datapath/control.sock', () => socket.write('{"id":1,"call":"status"}\\n'));
      socket.on('data', (data) => { require('node:fs').writeFileSync(process.argv[2], data); process.exit(0); });
    `;
    const answer = join(tmpdir(), `axoneme-answer-${process.pid}`);
    const asking = spawn('nsenter', [`--mount=/proc/${child.pid}/ns/mnt`, process.execPath, '-e', script, folder, answer]);
    t.equal((await once(asking, 'exit'))[0], 0);
    const { result } = JSON.parse(readFileSync(answer, 'utf8'));
    rmSync(answer);
    return result;
  };
  const before = await ask();
  t.same(before.problems, []);
  await once(inside(`head -c 1000000000 /dev/zero > ${folder}/others 2>/dev/null; true`), 'exit');
  const { problems = [] } = await ask();
  t.match(problems, [/memory: .* may come to need \d+ MiB more, and others have left 0 MiB there/]);
  t.same(await processProblems({ status: async () => ({ ...before, problems }) }), problems, 'and so does the agent’s');
  await once(inside(`rm ${folder}/others`), 'exit');
  t.same((await ask()).problems, []);
  t.equal(child.exitCode ?? child.signalCode, null);
});
