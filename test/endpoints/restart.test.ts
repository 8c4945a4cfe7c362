// What a restarted agent makes of what it finds.

import t from 'tap';
import { fileText } from '../../orchestrator/endpoints/interface-file.ts';
import { deviceName } from '../../orchestrator/endpoints/names.ts';
import { add, addressesIn, del, Node, prefixes, request, stateFolder } from './node.ts';

const deviceOf = (containerId: string) => deviceName({ containerId, ifname: 'eth0' });
const file = (endpoint: number) => `${stateFolder}/endpoints/${endpoint}.json`;
const copy = (endpoint: number) => `${stateFolder}/endpoints/${endpoint}.copy`;

t.test('interfaces are as before, before anything is asked', async (t) => {
  const node = new Node();
  const before = await node.start();
  for (const id of ['c1', 'c2', 'c3']) await add(before, id);
  await del(before, 'c2');
  const rows = [...before.table.rows()];
  const after = await node.start();
  t.same([...after.table.rows()], rows);
  t.ok(after.table.isInitialised);
  t.same(after.problems(), []);
  t.same(addressesIn(await add(after, 'c3')), rows[1].addresses, 'the runtime asks again and is answered the same');
  t.same(addressesIn(await add(after, 'c4')), ['10.11.0.5', 'fd00:11::5']);
});

t.test('the port is the one that the device has now', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  const [[name, device]] = [...node.machine.devices];
  node.machine.devices.set(name, { ...device, port: 77 });
  t.equal([...(await node.start()).table.rows()][0].port, 77);
});

t.test('an interface whose device is gone is dropped: its flows, its file, then its addresses', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  node.machine.devices.clear();
  const after = await node.start();
  t.equal(after.table.size, 0);
  t.equal(after.pools()[0].used, 1);
  const running = node.run(after);
  await node.clock.advance(1);
  t.same(node.forgotten, [['10.11.0.2', 'fd00:11::2']]);
  t.equal(node.machine.files.size, 0);
  t.equal(after.pools()[0].used, 0);
  node.stop();
  await running;
});

t.test('a device that no file knows is removed, but not at once, and it is said', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  node.machine.files.clear();
  const after = await node.start();
  const running = node.run(after);
  await node.clock.advance(55_000);
  t.equal(node.machine.devices.size, 1);
  t.same(after.problems(), [`device ${deviceOf('c1')}: no file of its interface`]);
  await node.clock.advance(10_000);
  t.equal(node.machine.devices.size, 0);
  t.same(after.problems(), []);
  t.same(node.warnings(), ['a pod device belongs to no interface that is known and will be removed']);
  node.stop();
  await running;
});

t.test('a device that no file knows is made anew when its container is added, and stays', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  node.machine.files.clear();
  const after = await node.start();
  const running = node.run(after);
  t.equal((await add(after, 'c1')).code, 0);
  await node.clock.advance(120_000);
  t.equal(node.machine.devices.size, 1);
  t.ok(node.machine.steps.includes(`remove ${deviceOf('c1')}`));
  node.stop();
  await running;
});

t.test('a file that cannot be believed costs its own pod only, is kept for the curious, and names the device', async (t) => {
  const cases: [what: string, (text: string) => string, reason: RegExp][] = [
    ['empty', () => '', /empty/],
    ['cut off', (text) => text.slice(0, 200), /not JSON, or not all of it/],
    ['garbage', () => '\0\0\ufffd{', /not JSON/],
    ['another address', (text) => text.replace('10.11.0.3', '10.11.0.4'), /does not belong to the content/],
    ['no addresses', (text) => text.replace('"addresses"', '"addressez"'), /fields are missing/],
    ['of the future', (text) => text.replace('"format": 1', '"format": 9'), /format: not 1: 9/],
    ['another number', (text) => text.replace('"endpoint": 2', '"endpoint": 5'), /does not belong|not that of the file/],
    ['a list', () => '[]', /format/],
    ['null', () => 'null', /not an object/],
  ];
  for (const [what, spoil, reason] of cases) {
    const node = new Node();
    const before = await node.start();
    for (const id of ['c1', 'c2', 'c3']) await add(before, id);
    const text = node.machine.files.get(file(2)) ?? '';
    for (const path of [file(2), copy(2)]) {
      node.machine.files.set(path, spoil(text));
      if (path === copy(2)) continue;
      t.equal((await node.start()).table.size, 3, 'of a file alone nothing is lost');
      t.same(node.warnings(), ['the file of an interface was spoilt, and is made anew from its copy']);
      t.equal(node.machine.files.get(path), text);
      node.machine.files.set(path, spoil(text));
      node.lines.length = 0;
    }
    const after = await node.start();
    t.same(
      [...after.table.rows()].map(({ containerId }) => containerId),
      ['c1', 'c3'],
      what,
    );
    t.same([...node.machine.files.keys()].sort(), [file(1), copy(1), `${file(2)}.broken`, file(3), copy(3)].sort());
    const [problem] = after.problems();
    t.match(problem, reason);
    t.match(problem, deviceOf('c2'), `${what}: ${problem}`);
    t.same(node.warnings()[0], 'the file of an interface cannot be believed and was moved aside');
    t.match(node.lines.find(({ level }) => level === 'warn')?.error, deviceOf('c2'));
    await add(after, 'c4');
    t.equal([...after.table.rows()].at(-1)?.endpoint, 4, 'its number rests');
    t.same(await del(after, 'c2'), { code: 0 });
    t.notOk(node.machine.devices.has(deviceOf('c2')));
  }
});

t.test('of two files that claim the same address the lower number is believed', async (t) => {
  const node = new Node();
  const before = await node.start();
  for (const id of ['c1', 'c2', 'c3']) await add(before, id);
  const [first, , third] = [...before.table.rows()];
  node.machine.files.set(file(3), fileText({ ...third, addresses: [first.addresses[0], 'fd00:11::99'] }));
  node.machine.files.delete(copy(3));
  const after = await node.start();
  t.match(after.problems(), [/3\.json: 10\.11\.0\.2: claimed by another file too; .* device axn/]);
  t.same(
    [...after.table.rows()].map(({ containerId }) => containerId),
    ['c1', 'c2'],
  );
});

t.test('unfinished files are cleared away, foreign ones are left alone', async (t) => {
  const node = new Node();
  for (const name of ['7.json.tmp', 'README', '0.json', '70000.json', '9.json.broken'])
    node.machine.files.set(`${stateFolder}/endpoints/${name}`, '{');
  const after = await node.start();
  t.same(after.problems(), []);
  t.notOk(node.machine.files.has(`${file(7)}.tmp`));
  t.equal(node.machine.files.size, 4);
});

t.test('deletions that were queued while nobody listened are carried out, and go on being looked for', async (t) => {
  const node = new Node();
  const before = await node.start();
  for (const id of ['c1', 'c2', 'c3']) await add(before, id);
  const queue = (name: string, text: string) => node.machine.files.set(`${stateFolder}/delete-queue/${name}`, text);
  queue('c1-eth0.json', JSON.stringify(request('DEL', 'c1', { netns: '' })));
  queue('gone.json', JSON.stringify(request('DEL', 'never', { netns: '' })));
  queue('bad.json', '{"containerId":');
  queue('worse.json', '{"containerId":"../..","ifname":"eth0"}');
  queue('half.json.tmp', '{');
  const after = await node.start();
  const running = node.run(after);
  await node.clock.advance(1);
  t.same(
    [...after.table.rows()].map(({ containerId }) => containerId),
    ['c2', 'c3'],
  );
  t.same(
    [...node.machine.files.keys()].filter((path) => path.includes('queue')).map((path) => path.split('/').at(-1)),
    ['half.json.tmp', 'bad.json.broken', 'worse.json.broken'],
  );
  queue('c2-eth0.json', JSON.stringify(request('DEL', 'c2')));
  await node.clock.advance(10_000);
  t.equal(after.table.size, 1);
  node.stop();
  await running;
});

t.test('a queued deletion that fails stays queued until it succeeds', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  node.machine.files.set(`${stateFolder}/delete-queue/c1`, JSON.stringify(request('DEL', 'c1')));
  node.machine.faults = { fails: (step) => step === `remove ${deviceOf('c1')}`, dies: () => false };
  const after = await node.start();
  const running = node.run(after);
  await node.clock.advance(1);
  t.match(after.problems(), [/^queued deletions: remove axn/]);
  t.equal(after.table.size, 1);
  node.machine.faults = { fails: () => false, dies: () => false };
  await node.clock.advance(5000);
  t.equal(after.table.size + node.machine.files.size, 0);
  t.same(after.problems(), []);
  node.stop();
  await running;
});

t.test('addresses outside of the prefixes of today are served and not given out', async (t) => {
  const node = new Node();
  await add(await node.start(), 'c1');
  const after = await node.start();
  after.setPrefixes(['10.99.0.0/24', 'fd00:99::/64']);
  t.same([...after.table.rows()][0].addresses, ['10.11.0.2', 'fd00:11::2']);
  t.same(addressesIn(await add(after, 'c2')), ['10.99.0.2', 'fd00:99::2']);
  after.setPrefixes(prefixes);
  t.same(addressesIn(await add(after, 'c3')), ['10.11.0.3', 'fd00:11::3']);
});
