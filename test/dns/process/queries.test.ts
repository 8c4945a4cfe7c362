// Questions of pods over UDP, with real sockets: who is asked, who answers, what is granted, and what is believed.

import { createSocket } from 'node:dgram';
import { decode, encode } from 'dns-packet';
import t from 'tap';
import type { ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { grant, identity, row, selector } from '../web-rules.ts';
import { answerTo, ask, question, serveDatagrams } from './servers.ts';
import { type Pod, World, waitFor } from './world.ts';

t.setTimeout(120_000);

t.test('questions over UDP', { skip: await kernelSkip() }, async (t) => {
  const world = await World.open(t, 2);
  const [main, other, six, odd, silent] = ['10.8.0.53', '10.8.0.54', 'fd08::53', '10.8.0.55', '10.8.0.56'] as const;
  for (const address of [main, other, six, odd, silent]) world.addAddress(address);
  await serveDatagrams(t, main, (query) => answerTo(query, '192.0.2.1'));
  await serveDatagrams(t, other, (query) => answerTo(query, '192.0.2.2'));
  await serveDatagrams(t, six, (query) => answerTo(query, '2001:db8::1'));
  await serveDatagrams(t, silent, () => undefined);
  await world.allow({ allowed: [row], granted: [grant] });
  await world.start();
  const [one, two] = world.pods as [Pod, Pod];
  const status = (): Promise<ProxyStatus> => world.call<ProxyStatus>({ call: 'status' });
  const late = ask(two, silent, question(9, 'late.example.com'));

  await t.test('one socket, two servers: each answers for itself, and only who asked may go there', async (t) => {
    const [a, b] = await Promise.all([ask(one, main, question(1, 'a.example.com'), 1), ask(one, other, question(2, 'a.example.com'), 1)]);
    t.same([a.server, a.port, ...a.addresses], [main, 53, '192.0.2.1']);
    t.same([b.server, b.port, ...b.addresses], [other, 53, '192.0.2.2']);
    t.same(await world.grants(), [`1 192.0.2.1 ${identity}`, `1 192.0.2.2 ${identity}`]);
  });

  await t.test('IPv6', async (t) => {
    const { server, port, addresses } = await ask(two, six, question(3, 'six.example.com', 'AAAA'));
    t.same([server, port, ...addresses], [six, 53, '2001:db8::1']);
    t.ok((await world.grants()).includes(`2 2001:db8::1 ${identity}`));
  });

  await t.test('a name that is not allowed is refused, and nobody is asked', async (t) => {
    const { rcode, packet } = await ask(one, main, question(4, 'a.example.org'));
    t.equal(rcode, 'REFUSED');
    t.equal(packet.questions?.[0]?.name, 'a.example.org');
    t.equal((await status()).counters.refused, 1);
  });

  await t.test('a message passes as it is, but for its id: case, EDNS and types that nobody knows', async (t) => {
    const seen: Buffer[] = [];
    await serveDatagrams(t, odd, (query, _send, bytes) => {
      seen.push(Buffer.from(bytes));
      const additionals = [{ type: 'OPT' as const, name: '.', udpPayloadSize: 4096, flags: 0, options: [] }];
      return { ...answerTo(query), rcode: 'NXDOMAIN', flags: 0x183, additionals } as never;
    });
    const additionals = [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0x8000, options: [{ code: 12, data: Buffer.alloc(40) }] }];
    const message = question(5, 'MiXeD.eXample.COM', 'TXT', { additionals: additionals as never });
    const { rcode, packet } = await ask(one, odd, message);
    t.same([rcode, packet.questions?.[0]?.name, packet.additionals?.length], ['NXDOMAIN', 'MiXeD.eXample.COM', 1]);
    t.same(seen[0]?.subarray(2), message.subarray(2));
  });

  await t.test('an answer that is cut off says so to the pod', async (t) => {
    const cut = '10.8.0.60';
    world.addAddress(cut);
    await serveDatagrams(t, cut, (query) => ({ ...answerTo(query), flags: 0x380 }));
    const { packet } = await ask(one, cut, question(14, 'cut.example.com'));
    t.equal((packet as { flag_tc?: boolean }).flag_tc, true);
  });

  await t.test('an answer longer than a link takes arrives in pieces', async (t) => {
    const many = Array.from({ length: 250 }, (_, index) => `198.51.100.${index}`);
    const long = '10.8.0.57';
    world.addAddress(long);
    await serveDatagrams(t, long, (query) => answerTo(query, ...many));
    const { bytes, addresses } = await ask(one, long, question(6, 'long.example.com'));
    t.ok(bytes.length > 4000);
    t.same(addresses, many);
  });

  await t.test('only the server that was asked is believed, with that id and that question', async (t) => {
    const [victim, liar] = ['10.8.0.58', '10.8.0.59'];
    for (const address of [victim, liar]) world.addAddress(address);
    const from = createSocket('udp4');
    await new Promise<void>((resolve) => from.bind(53, liar, resolve));
    t.teardown(() => from.close());
    await serveDatagrams(t, victim, (query, send, bytes, asker) => {
      const lie = answerTo(query, '203.0.113.66');
      from.send(encode(lie), asker.port, asker.address);
      send(encode({ ...lie, id: ((query.id ?? 0) + 1) & 0xffff }));
      send(encode({ ...lie, questions: [{ type: 'A', name: 'b.example.com' }] }));
      send(encode({ ...lie, questions: [{ type: 'AAAA', name: query.questions?.[0]?.name ?? '' }] }));
      send(Buffer.from(bytes));
      send(Buffer.alloc(5));
      setTimeout(() => send(encode(answerTo(decode(bytes), '192.0.2.58'))), 100);
      return undefined;
    });
    const before = (await status()).counters.answersStray ?? 0;
    const { addresses } = await ask(one, victim, question(7, 'true.example.com'));
    t.same(addresses, ['192.0.2.58']);
    t.notMatch((await world.grants()).join(), /203\.0\.113\.66/);
    t.equal(((await status()).counters.answersStray ?? 0) - before, 6);
  });

  await t.test('a server that cannot be reached, and one that says nothing: SERVFAIL', async (t) => {
    t.equal((await ask(one, '203.0.113.1', question(8, 'far.example.com'))).rcode, 'SERVFAIL');
    t.equal((await late).rcode, 'SERVFAIL');
    const { counters, outstanding } = await status();
    t.same([counters.failedUnsent, counters.failedDeadline, outstanding], [1, 1, 0]);
  });

  await t.test('what is no question is answered with an error, or not at all', async (t) => {
    const two = encode({
      type: 'query',
      id: 10,
      questions: [
        { type: 'A', name: 'a.example.com' },
        { type: 'A', name: 'a.example.com' },
      ],
    });
    t.equal((await ask(one, main, two)).rcode, 'FORMERR');
    const update = question(11, 'a.example.com');
    update[2] = 0x28;
    t.equal((await ask(one, main, update)).rcode, 'REFUSED');
    const { malformed = 0 } = (await status()).counters;
    for (const bytes of [encode(answerTo(decode(question(12, 'a.example.com')))), Buffer.alloc(3)]) {
      one.talk.order({ do: 'send', socket: 3, server: main, port: 53, hex: bytes.toString('hex') });
    }
    await waitFor(async () => ((await status()).counters.malformed ?? 0) === malformed + 2);
    t.notOk(one.talk.heard.some((heard) => heard.heard === 'datagram' && heard.socket === 3));
  });

  await t.test('rules that allow less take back what they granted', async (t) => {
    await world.allow({ allowed: [{ ...row, names: [selector('other.example.com')] }], granted: [] });
    t.same(await world.grants(), []);
    t.equal((await ask(one, main, question(13, 'a.example.com'))).rcode, 'REFUSED');
  });
});
