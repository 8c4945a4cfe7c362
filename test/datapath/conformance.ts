// The contract of Datapath, for any implementation: each one's own test file only says how to open it.

import type { Test } from 'tap';
import type { Datapath, PacketRunner, Port } from '../../orchestrator/datapath/datapath.ts';
import { eventsSpec, metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { mapsConform } from './conformance-maps.ts';
import { packetsConform, podPort } from './conformance-packets.ts';

/** How a test gets at an implementation. */
export interface Subject {
  /** A datapath with the maps of `smallSizes`, empty. */
  open(): Promise<Datapath & PacketRunner>;
  /** Makes something that port number `port` can be attached to. */
  addPort(port: number): Promise<void>;
}

const ports: readonly Port[] = [
  { number: 41, kind: 'pod' },
  { number: 42, kind: 'overlay' },
  { number: 43, kind: 'network' },
  { number: 44, kind: 'host' },
];

export async function conformance(t: Test, subject: Subject): Promise<void> {
  const datapath = await subject.open();
  t.teardown(() => datapath.close());
  for (const port of [podPort, ...ports.map(({ number }) => number)]) await subject.addPort(port);
  await t.test('maps', (t) => mapsConform(t, datapath));
  await t.test('packets and events', (t) => packetsConform(t, datapath));
  await t.test('ports', (t) => portsConform(t, datapath));
  await t.test('life', (t) => lifeConforms(t, datapath));
}

async function portsConform(t: Test, datapath: Datapath): Promise<void> {
  await t.test('every kind of port can be attached, again and again', async () => {
    for (const port of ports) {
      await datapath.attach(port);
      await datapath.attach(port);
    }
  });

  await t.test('a port is detached by disposing of what attach gave, as often as one likes', async () => {
    for (const port of ports) {
      const attached = await datapath.attach(port);
      await attached[Symbol.asyncDispose]();
      await attached[Symbol.asyncDispose]();
      await using _again = await datapath.attach(port);
    }
  });
}

async function lifeConforms(t: Test, datapath: Datapath & PacketRunner): Promise<void> {
  await t.test('its time is the monotonic clock in ticks', async (t) => {
    const expected = Number(BigInt.asUintN(32, process.hrtime.bigint() >> 24n));
    t.ok(Math.abs((datapath.now() - expected) | 0) < 60, `${datapath.now()} and ${expected}`);
  });

  await t.test('the ring of events is no map, and neither is a name it does not know', async (t) => {
    t.throws(() => datapath.map(eventsSpec), { code: 'MAP_UNKNOWN' });
    t.throws(() => datapath.map({ ...metricsSpec, name: 'nonsense' }), { code: 'MAP_UNKNOWN' });
  });

  await t.test('listening ends when it is closed', async (t) => {
    setTimeout(() => datapath.close(), 20);
    for await (const event of datapath.events()) t.comment(event.type);
  });

  await t.test('once closed it refuses work, and can be closed again', async (t) => {
    await datapath.close();
    t.throws(() => datapath.map(metricsSpec), { code: 'DATAPATH_CLOSED' });
    t.throws(() => datapath.events(), { code: 'DATAPATH_CLOSED' });
    await t.rejects(datapath.run(1, new Uint8Array(20)), { code: 'DATAPATH_CLOSED' });
    await t.rejects(datapath.attach(ports[0] as Port), { code: 'DATAPATH_CLOSED' });
  });
}
