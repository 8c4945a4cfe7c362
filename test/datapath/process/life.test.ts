// What befalls the datapath process besides packets: clients that talk nonsense, devices that go, supervisors that end or come twice,
// another size of a map.

import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { networkSkip } from '../../support/netns.ts';
import { processesOf, type UserPod, UserWorld } from './world.ts';

t.setTimeout(240_000);
const skip = await networkSkip();

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

/** What the process says to some bytes, until it closes the connection or has said nothing for a while. */
async function say(path: string, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(path);
  let text = '';
  socket.on('data', (chunk) => (text += chunk)).on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await Promise.race([closed, sleep(300)]);
  socket.destroy();
  return text;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

t.test('the life of a datapath process', { skip }, async (t) => {
  const world = new UserWorld(t);
  await world.makePods(2);
  const [one, two] = world.pods as [UserPod, UserPod];
  const supervisor = world.start();
  const datapath = await world.open();
  await world.settle(datapath);
  // One packet each, which may not be lost, and has time on a machine that is busy.
  const reach = () => one.netns.run(`ping -c 1 -W 20 ${two.addresses[0]}; ping -c 1 -W 20 ${two.addresses[1]}`);

  await t.test('what is no request is refused, and others are answered all the same', async (t) => {
    const path = join(world.datapathFolder, 'control.sock');
    t.equal(statSync(path).mode & 0o777, 0o700, 'only its owner may speak there');
    const cases: [string | Uint8Array, RegExp | string][] = [
      ['nonsense\n', /not a line of JSON/],
      ['null\n[]\n{}\n', /not a request with a number/],
      ['{"id":1,"call":"rm"}\n', /no such call: \\"rm\\"/],
      ['{"id":1,"call":"attach"}\n', /not a number from 1 to 4095/],
      ['{"id":1,"call":"attach","port":{"number":20,"kind":"pod","device":"eth0"}}\n', /its namespace is not named/],
      ['{"id":1,"call":"attach","port":{"number":20,"kind":"pod","device":"../../x","netns":"/etc/passwd"}}\n', /NETNS_UNKNOWN/],
      ['{"id":1,"call":"attach","port":{"number":20,"kind":"host","device":"lo"}}\n', /DEVICE_UNUSABLE/],
      ['{"id":1,"call":"detach","number":"x"}\n', /"result":null/],
      [new Uint8Array(200_000).fill(0x41), ''],
      [new Uint8Array(5000).map((_, at) => (at * 7919) & 0xff), /not a line of JSON|^$/],
    ];
    for (const [bytes, answer] of cases) t.match(await say(path, bytes), answer, String(bytes).slice(0, 80));
    t.doesNotThrow(reach);
  });

  await t.test("a pod that goes takes its port's packets with it, and nobody else's; the port is told as missing", async (t) => {
    const before = await datapath.status();
    two.netns.run('ip link del eth0');
    await until('its device is missed', async () => (await datapath.status()).missing.some(({ number }) => number === two.port));
    t.match(one.netns.run('ping -c 1 -W 20 10.9.0.1'), ' 0% packet loss');
    t.equal((await datapath.status()).pid, before.pid);
    await datapath.detach(two.port);
    t.same((await datapath.status()).missing, []);
    await t.rejects(datapath.attach({ number: two.port, kind: 'pod', device: 'eth0', netns: two.netns.path }), { code: 'DEVICE_UNUSABLE' });
    await t.rejects(datapath.attach({ number: 30, kind: 'pod', device: 'eth0', netns: '/run/netns/none' }), { code: 'NETNS_UNKNOWN' });
    t.same((await datapath.status()).missing, [], 'what was refused is not waited for');
    await world.remakeDevice(two);
    await datapath.attach({ number: two.port, kind: 'pod', device: 'eth0', netns: two.netns.path });
    t.doesNotThrow(reach);
  });

  await t.test('a second supervisor ends, and changes nothing', async (t) => {
    const { pid } = world;
    const [code] = await once(world.start(), 'exit');
    t.equal(code, 0);
    t.equal(world.pid, pid);
    t.ok(isAlive(pid));
  });

  await t.test('when the supervisor is killed packets go on, and another one watches over them', async (t) => {
    const { pid } = world;
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    t.doesNotThrow(reach);
    // The one that runs, the new supervisor, and one that waits.
    await until('another one waits', () => processesOf(world.folder).length === 3);
    process.kill(pid, 'SIGKILL');
    await until('another process runs packets', () => world.pid !== pid && isAlive(world.pid));
    await until('all ports are open', async () => (await datapath.status()).ports.length === 3);
    t.doesNotThrow(reach);
  });

  await t.test('SIGTERM ends supervisor and process; the next one goes on with memory and ports', async (t) => {
    const { id } = datapath.hello;
    await world.stop();
    world.start();
    await until('it answers', async () => (await datapath.status()).ports.length === 3);
    t.equal(datapath.hello.id, id);
    t.doesNotThrow(reach);
  });

  await t.test('another size of a map makes the memory anew, which clients are told', async (t) => {
    const { id } = datapath.hello;
    await world.stop();
    world.start(['--map-entries', 'endpoints=128']);
    await datapath.whenReplaced;
    t.not(datapath.hello.id, id);
    await datapath.close();
    const fresh = await world.open();
    t.equal(fresh.map((await import('../../../orchestrator/datapath/generated/maps.ts')).endpointsSpec).capacity, 128);
    await world.settle(fresh);
    t.doesNotThrow(reach);
  });
});
