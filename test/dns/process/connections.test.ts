// Questions of pods over TCP: one after the other without waiting, many connections, slow ones, and ones that never say anything whole.

import { encode } from 'dns-packet';
import t from 'tap';
import type { ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { grant, identity, rows } from '../web-rules.ts';
import { type Answered, answered, answerTo, ask, framed, question, serveConnections, serveDatagrams, unframed } from './servers.ts';
import { type Pod, World, waitFor } from './world.ts';

t.setTimeout(180_000);
const granted = [grant];
const [main, other] = ['10.8.0.53', '10.8.0.54'];

/** What has come back on a connection. */
function received(pod: Pod, connection: number): Answered[] {
  const parts = pod.talk.heard.flatMap((heard) =>
    heard.heard === 'data' && heard.connection === connection ? [Buffer.from(heard.hex, 'hex')] : [],
  );
  return unframed(Buffer.concat(parts)).map((bytes) => answered('', 0, bytes));
}

const hasClosed = (pod: Pod, connection: number): boolean =>
  pod.talk.heard.some((heard) => heard.heard === 'close' && heard.connection === connection);

t.test('questions over TCP', { skip: await kernelSkip() }, async (t) => {
  const world = await World.open(t, 2);
  for (const address of [main, other, 'fd08::53']) world.addAddress(address);
  let delay = 0;
  await serveConnections(
    t,
    main,
    (query) => answerTo(query, '192.0.2.1'),
    () => (delay = (delay + 37) % 100),
  );
  await serveConnections(t, 'fd08::53', (query) => answerTo(query, '2001:db8::1'));
  await serveDatagrams(t, main, (query) => answerTo(query, '192.0.2.9'));
  await world.allow({ allowed: rows, granted });
  await world.start();
  const [one, two] = world.pods as [Pod, Pod];
  const status = (): Promise<ProxyStatus> => world.call<ProxyStatus>({ call: 'status' });
  const open = (pod: Pod, connection: number, server = main): void => pod.talk.order({ do: 'open', connection, server, port: 53 });
  const write = (pod: Pod, connection: number, bytes: Buffer): void =>
    pod.talk.order({ do: 'write', connection, hex: bytes.toString('hex') });

  await t.test('many questions without waiting: each is answered, in whatever order', async (t) => {
    open(one, 1);
    const questions = Array.from({ length: 50 }, (_, id) => framed(question(id, id % 10 === 9 ? 'no.example.org' : `n${id}.example.com`)));
    write(one, 1, Buffer.concat(questions));
    const answers = await waitFor(() => received(one, 1).length === 50 && received(one, 1));
    t.same(
      answers.map(({ packet }) => packet.id).sort((a, b) => (a ?? 0) - (b ?? 0)),
      Array.from({ length: 50 }, (_, id) => id),
    );
    t.notSame(
      answers.map(({ packet }) => packet.id),
      Array.from({ length: 50 }, (_, id) => id),
    );
    for (const { packet, rcode } of answers) t.equal(rcode, (packet.id ?? 0) % 10 === 9 ? 'REFUSED' : 'NOERROR');
    t.ok((await world.grants()).includes(`1 192.0.2.1 ${identity}`));
    one.talk.order({ do: 'end', connection: 1 });
    await waitFor(() => hasClosed(one, 1));
  });

  await t.test('IPv6, byte by byte', async (t) => {
    open(two, 1, 'fd08::53');
    for (const byte of framed(question(1, 'six.example.com', 'AAAA'))) write(two, 1, Buffer.of(byte));
    const [answer] = await waitFor(() => received(two, 1).length === 1 && received(two, 1));
    t.same(answer?.addresses, ['2001:db8::1']);
  });

  await t.test('a server that is not there: SERVFAIL, and the connection goes on', async (t) => {
    open(one, 2, other);
    write(one, 2, framed(question(1, 'a.example.com')));
    await waitFor(() => received(one, 2).length === 1);
    write(one, 2, framed(question(2, 'b.example.com')));
    const answers = await waitFor(() => received(one, 2).length === 2 && received(one, 2));
    t.same(
      answers.map(({ rcode }) => rcode),
      ['SERVFAIL', 'SERVFAIL'],
    );
  });

  await t.test('who ends its side is still answered', async (t) => {
    open(one, 3);
    write(one, 3, framed(question(1, 'half.example.com')));
    one.talk.order({ do: 'end', connection: 3 });
    await waitFor(() => received(one, 3).length === 1);
    await waitFor(() => hasClosed(one, 3));
    t.same(
      received(one, 3).map(({ rcode }) => rcode),
      ['NOERROR'],
    );
  });

  await t.test('10,000 connections of one pod, and frames of 65,535 bytes that never end: others are answered', async (t) => {
    const { residentBytes: before } = await status();
    const long = framed(Buffer.concat([question(1, 'long.example.com'), Buffer.alloc(65_535)]).subarray(0, 65_535));
    for (let connection = 100; connection < 10_100; connection += 1) open(one, connection);
    const dribbling = Array.from({ length: 16 }, (_, index) => 20_000 + index);
    let at = 0;
    const dribble = setInterval(() => {
      for (const connection of dribbling) write(two, connection, long.subarray(at, at + 50));
      at += 50;
    }, 20);
    t.teardown(() => clearInterval(dribble));
    for (const connection of dribbling) open(two, connection);
    for (let id = 0; id < 50; id += 1) {
      const started = performance.now();
      const { rcode } = await ask(two, main, question(id, `q${id}.example.com`));
      if (rcode !== 'NOERROR' || performance.now() - started > 3000)
        t.fail(`question ${id}: ${rcode} after ${performance.now() - started} ms`);
    }
    await waitFor(async () => (await status()).counters.connectionsRefused! > 0);
    const { connections, residentBytes } = await status();
    t.ok(connections <= 64 + 2, `${connections} connections are open`);
    t.ok(residentBytes - before < 64 << 20, `${residentBytes >> 20} MiB, ${before >> 20} MiB before`);
    await waitFor(() => dribbling.every((connection) => hasClosed(two, connection)));
    open(two, 30_000);
    write(two, 30_000, framed(question(77, 'after.example.com')));
    await waitFor(() => received(two, 30_000).length === 1);
    // On a busy machine the pod itself takes a while to open them.
    await waitFor(async () => (await status()).counters.connectionsRefused! >= 9000);
    t.pass('the others were cut off at once');
    t.equal((await status()).counters.connectionsCut, dribbling.length, 'and so were those that never ended, which is counted');
  });

  await t.test('a frame that is no question ends its connection', async () => {
    open(two, 30_001);
    write(two, 30_001, framed(encode(answerTo({ id: 5, questions: [{ type: 'A', name: 'a.example.com' }] }))));
    await waitFor(() => hasClosed(two, 30_001));
  });
});
