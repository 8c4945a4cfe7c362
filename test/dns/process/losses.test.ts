// Losses that the kernel alone sees: what comes while nobody reads it and finds no room is counted, and nothing else is lost.

import t from 'tap';
import type { Hello, ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { stopProcess } from '../../support/stopped.ts';
import { grant, rows } from '../web-rules.ts';
import { answerTo, ask, question, serveDatagrams } from './servers.ts';
import { type Pod, World, waitFor } from './world.ts';

t.setTimeout(120_000);
const server = '10.8.0.53';
/** More than eight megabytes of them: a small one takes 768 bytes of a socket's room. */
const many = 16_000;

t.test(
  'questions that come while the process does not run wait, and those that find no room are counted',
  {
    skip: await kernelSkip(),
  },
  async (t) => {
    const world = await World.open(t, 1);
    const [one] = world.pods as [Pod];
    world.addAddress(server);
    await serveDatagrams(t, server, (query) => answerTo(query, '192.0.2.1'));
    await world.allow({ allowed: rows, granted: [grant] });
    await world.start();
    const status = (): Promise<ProxyStatus> => world.call<ProxyStatus>({ call: 'status' });
    t.equal((await ask(one, server, question(1, 'a.example.com'))).rcode, 'NOERROR');
    t.match((await status()).counters, { queries: 1, queriesOverflown: 0, answersOverflown: 0 });
    const { pid } = await world.call<Hello>({ call: 'hello' });
    stopProcess(pid);
    try {
      const hex = question(2, 'no.example.org').toString('hex');
      one.talk.order({ do: 'send', socket: 1, server, port: 53, hex, times: many });
      await one.talk.until(({ heard }) => heard === 'sent');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const { counters } = await waitFor(async () => {
      const now = await status();
      const { queries = 0, queriesOverflown = 0 } = now.counters;
      return queries + queriesOverflown === many + 1 && now;
    });
    t.ok((counters.queriesOverflown ?? 0) > 0, `${counters.queriesOverflown} found no room`);
    t.equal(counters.refused, (counters.queries ?? 0) - 1, 'the others were answered');
    t.equal((await ask(one, server, question(3, 'b.example.com'))).rcode, 'NOERROR', 'and so is who comes later');
  },
);
