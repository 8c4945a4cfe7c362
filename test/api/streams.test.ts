// Streams and long answers: what comes is told as it comes, and a reader that takes nothing holds nothing.
import { connect } from 'node:net';
import t from 'tap';
import { openClient } from '../../orchestrator/api/client.ts';
import { mostFollowers } from '../../orchestrator/api/routes/flows.ts';
import type { FlowLine } from '../../orchestrator/flows/flow.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { event } from '../flows/event.ts';
import { openNode, pods, type ShownNode } from './node.ts';
import { ask } from './raw.ts';

t.setTimeout(120_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 5000; !holds(); await pause(5)) if (performance.now() > end) throw new Error('it took too long');
}

/** A reader that asks and then takes nothing. */
async function openSloth(socket: string, target: string) {
  const connection = connect(socket);
  connection.on('error', () => {});
  connection.pause();
  await new Promise((resolve) => connection.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, resolve));
  return connection;
}

function drop(node: ShownNode, sourcePort: number) {
  const { addresses, identity } = pods.web;
  const packet = { from: addresses[0], to: '198.51.100.7', port: 443 };
  const place = { direction: 1, now: node.datapath.now(), port: 11, endpoint: 11, sourceIdentity: identity, destinationIdentity: 2 };
  node.flows.push(event(packet, { sourcePort, ...place }));
}

t.test('flows that come are told while they come, after the kept ones that were asked for', async (t) => {
  const node = await openNode();
  await node.send('web', 'db', 5432);
  await node.send('web', '198.51.100.7', 443);
  const leaving = new AbortController();
  const lines = openClient({ socket: node.folder })
    .lines('/v1/flows', { follow: true, type: 'drop' }, leaving.signal)
    [Symbol.asyncIterator]();
  const next = async () => ((await lines.next()).value as Extract<FlowLine, { flow: unknown }>).flow;
  t.match((await next()).Summary, /198\.51\.100\.7:443/);
  const coming = next();
  await until(() => node.flows.readers === 1);
  await node.send('web', 'db', 5432);
  await node.send('web', 'cart', 80);
  t.match((await coming).Summary, /shop\/cart:80/);
  leaving.abort();
  t.match(await lines.next(), { done: true });
  await until(() => node.flows.readers === 0);
  await node.close();
});

t.test('a reader of flows that takes nothing holds one bounded queue, and is told what it missed when it goes on', async (t) => {
  const node = await openNode({ mostInTenth: 1_000_000 });
  const sloth = await openSloth(node.api.sockets.read, '/v1/flows?follow&last=0');
  await until(() => node.flows.readers === 1);
  for (let sent = 0; sent < 40_000; sent += 1) {
    drop(node, sent % 65536);
    if (sent % 500 === 0) await pause(0);
  }
  t.equal(node.flows.readers, 1, 'it is still there');
  t.ok((await ask(node.api.sockets.read, '/v1/status')).status === 200, 'others are answered meanwhile');
  let text = '';
  sloth.setEncoding('utf8');
  sloth.on('data', (piece) => (text += piece));
  sloth.resume();
  await until(() => text.includes('OBSERVER_EVENTS_QUEUE'));
  const told = text.split('\n').filter((line) => line.includes('"flow"')).length;
  const lost = [...text.matchAll(/"num_events_lost":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  t.ok(told < 10_000, `${told} were held for it`);
  await until(() => told + lost <= 40_000 && lost > 30_000);
  sloth.destroy();
  await until(() => node.flows.readers === 0);
  await node.close();
});

t.test('so many follow and no more', async (t) => {
  const node = await openNode();
  const readers = await Promise.all(Array.from({ length: mostFollowers }, () => openSloth(node.api.sockets.read, '/v1/flows?follow')));
  await until(() => node.flows.readers === mostFollowers);
  const { status, body } = await ask(node.api.sockets.read, '/v1/flows?follow');
  t.equal(status, 503);
  t.match(JSON.parse(body).message, /as many follow as may: 64/);
  for (const reader of readers) reader.destroy();
  await until(() => node.flows.readers === 0);
  await node.close();
});

t.test("a long table is made at its reader's pace, and one that takes nothing of it is given up", async (t) => {
  const node = await openNode({ stallMs: 200 });
  let shown = 0;
  const long = openTable({
    name: 'long',
    key: ({ number }: { number: number }) => number,
    columns: {
      number({ number }) {
        shown += 1;
        return number;
      },
      text: () => 'x'.repeat(1000),
    },
  });
  for (let number = 0; number < 20_000; number += 1) long.writer.put({ number });
  node.tables.add(long.table);
  const sloth = await openSloth(node.api.sockets.read, '/v1/tables/long');
  await until(() => shown > 0);
  await pause(100);
  t.ok(shown < 5_000, `${shown} rows of 20000 were made for a reader that takes none`);
  const closed = new Promise((resolve) => sloth.once('close', resolve));
  sloth.resume();
  const reader = await openSloth(node.api.sockets.read, '/v1/tables/long');
  await pause(400);
  let taken = 0;
  reader.on('data', (piece) => (taken += piece.length));
  reader.resume();
  await new Promise((resolve) => reader.once('close', resolve));
  t.ok(taken < 20_000_000, 'the second was cut off');
  sloth.destroy();
  await closed;
  const { items } = (await openClient({ socket: node.folder }).get('/v1/tables/long')) as { items: unknown[] };
  t.equal(items.length, 20_000, 'whoever reads gets all of it');
  await node.close();
});

t.test('rows that change while a table is read do not break the answer', async (t) => {
  const node = await openNode();
  const moving = openTable({
    name: 'moving',
    key: ({ number }: { number: number }) => number,
    columns: { number: ({ number }) => number, text: () => 'x'.repeat(500) },
  });
  for (let number = 0; number < 5_000; number += 1) moving.writer.put({ number });
  node.tables.add(moving.table);
  const sloth = await openSloth(node.api.sockets.read, '/v1/tables/moving');
  await pause(50);
  for (let number = 0; number < 5_000; number += 2) moving.writer.delete(number);
  let text = '';
  sloth.setEncoding('utf8');
  sloth.on('data', (piece) => (text += piece));
  sloth.resume();
  await until(() => text.endsWith('0\r\n\r\n'));
  t.equal(text.match(/"number":/g)?.length, 5_000, 'as it was when it was asked for');
  sloth.destroy();
  await node.close();
});
