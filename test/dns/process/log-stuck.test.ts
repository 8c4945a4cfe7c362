// The proxy with a file of its log that nobody takes: questions are answered as if there were none, and who asks for its status is told.

import { execFileSync } from 'node:child_process';
import { closeSync, constants, createReadStream, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import type { Hello, ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import type { DnsFlow } from '../../../orchestrator/dns/log/dns-flow.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { grant, rows } from '../web-rules.ts';
import { flood, writerOf } from './flooding.ts';
import { answerTo, ask, question, serveDatagrams } from './servers.ts';
import { isAlive, type Pod, World, waitFor } from './world.ts';

t.setTimeout(120_000);
const server = '10.8.0.53';

t.test('a proxy whose log is not taken', { skip: await kernelSkip() }, async (t) => {
  const world = await World.open(t, 1);
  world.addAddress(server);
  await serveDatagrams(t, server, (query) => answerTo(query, '192.0.2.1'));
  await world.allow({ allowed: rows, granted: [grant] });
  const pipe = join(world.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await world.start(['--log-file', pipe]);
  const [one] = world.pods as [Pod];
  const { pid } = await world.call<Hello>({ call: 'hello' });
  const status = (): Promise<ProxyStatus> => world.call<ProxyStatus>({ call: 'status' });
  // Without one, what is in the pipe is nowhere.
  let reader = 0;
  t.teardown(() => reader > 0 && closeSync(reader));
  const told = (what: RegExp): Promise<true> => waitFor(async () => (await status()).problems.some((problem) => what.test(problem)));

  await t.test(
    'no question is lost, none waits: nobody reads, somebody who takes nothing, the process that writes is killed',
    async (t) => {
      const stop = flood(server, one, 1000);
      await told(/^log file: ENXIO/);
      reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      await told(/^log file: nothing could be written for \d+ s/);
      const first = await writerOf(pid);
      process.kill(first, 'SIGKILL');
      await told(/^log file: the process that writes it has ended: SIGKILL/);
      t.not(await writerOf(pid), first);
      const { sent, answered, refused, failed, slowestMs } = await stop();
      t.comment(`${sent} questions, the slowest answer after ${Math.round(slowestMs)} ms`);
      t.ok(sent > 1000);
      t.same({ answered, refused, failed }, { answered: sent, refused: 0, failed: 0 });
      t.equal((await world.call<Hello>({ call: 'hello' })).pid, pid, 'by one process');
      const { logFileLost = 0, logRecords = 0 } = (await status()).counters;
      t.ok(logFileLost > 0 && logFileLost < logRecords, `${logFileLost} of ${logRecords} records are lost`);
    },
  );

  await t.test('what the ring has kept is written when somebody reads', async (t) => {
    const flows: DnsFlow[] = [];
    const lines = createInterface(createReadStream(pipe));
    t.teardown(() => lines.close());
    lines.on('line', (line) => {
      const flow = flowOf(line);
      if (flow !== undefined) flows.push(flow);
    });
    const { logFileLost = 0, logRecords = 0 } = (await status()).counters;
    await ask(one, server, question(1, 'last.example.com'));
    const last = await waitFor(() => flows.find(({ is_reply, l7 }) => is_reply && l7.dns.query === 'last.example.com.'));
    t.match(last, { node_name: 'n1', destination: { namespace: 'shop', pod_name: 'pod-1' } });
    // In a pipe the line that was cut off takes the next one with it.
    t.ok(flows.length >= logRecords - logFileLost - 1, `${flows.length} of ${logRecords} are there`);
    await waitFor(async () => (await status()).problems.length === 0);
  });

  await t.test('the process that writes has no socket of the proxy, and ends with it', async (t) => {
    const writer = await writerOf(pid);
    const sockets = new Set(linksOf(pid));
    t.ok(sockets.size >= 4);
    t.same(
      linksOf(writer, 3).filter((link) => sockets.has(link)),
      [],
    );
    process.kill(pid, 'SIGKILL');
    await waitFor(() => !isAlive(writer));
  });
});

/** Undefined where a process was killed. */
function flowOf(line: string): DnsFlow | undefined {
  try {
    return JSON.parse(line) as DnsFlow;
  } catch {
    return undefined;
  }
}

/** Sockets of a process, of the descriptors from `first` on: its errors go where the proxy's go. */
function linksOf(pid: number, first = 0): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    if (Number(name) < first) return [];
    try {
      const link = readlinkSync(join(folder, name));
      return link.startsWith('socket:') ? [link] : [];
    } catch {
      return [];
    }
  });
}
