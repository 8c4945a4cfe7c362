// What a runtime asks, and what it is answered.

import t from 'tap';
import type { CniResult } from '../../orchestrator/cni/request.ts';
import { deviceName } from '../../orchestrator/endpoints/names.ts';
import { add, addressesIn, del, message, Node, request, stateFolder } from './node.ts';

t.test('an ADD makes file, device and row, and answers with the addresses of both families', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const answer = await add(endpoints, 'c1');
  t.equal(answer.code, 0);
  const device = deviceName({ containerId: 'c1', ifname: 'eth0' });
  const [row] = endpoints.table.rows();
  t.match(row, {
    endpoint: 1,
    containerId: 'c1',
    namespace: 'shop',
    pod: 'c1',
    uid: 'uid-c1',
    ifname: 'eth0',
    device,
    port: 10,
    mtu: 1450,
  });
  t.same(row.addresses, ['10.11.0.2', 'fd00:11::2']);
  t.same(answer.body, {
    cniVersion: '1.0.0',
    interfaces: [
      { name: device, mac: row.gatewayMac, mtu: 1450 },
      { name: 'eth0', mac: row.mac, mtu: 1450, sandbox: '/run/netns/c1' },
    ],
    ips: [
      { address: '10.11.0.2/32', gateway: '169.254.1.1', interface: 1 },
      { address: 'fd00:11::2/128', gateway: 'fe80::1', interface: 1 },
    ],
    routes: [
      { dst: '0.0.0.0/0', gw: '169.254.1.1' },
      { dst: '::/0', gw: 'fe80::1' },
    ],
    dns: {},
  });
  t.match(device, /^axn[0-9a-f]{10}$/);
  for (const mac of [row.mac, row.gatewayMac]) t.equal(Number.parseInt(mac.slice(0, 2), 16) & 3, 2, `${mac} is local and unicast`);
  t.not(row.mac, row.gatewayMac);
  const order = node.machine.steps.filter((step) => /^(write|add)/.test(step)).map((step) => step.split(' ')[0]);
  t.same(order, ['write', 'write', 'add'], 'file and copy are there before the device');
});

t.test('the same ADD again is answered the same and repairs the device', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const first = await add(endpoints, 'c1');
  node.machine.devices.clear();
  const again = await add(endpoints, 'c1');
  t.same((again.body as CniResult).ips, (first.body as CniResult).ips);
  t.equal(endpoints.table.size, 1);
  t.equal(node.machine.devices.size, 1);
});

t.test('the same container in another namespace gets a new device with its old addresses', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const first = await add(endpoints, 'c1');
  const moved = await add(endpoints, 'c1', { netns: '/run/netns/other' });
  t.same(addressesIn(moved), addressesIn(first));
  t.equal([...node.machine.devices.values()][0].netns, '/run/netns/other');
  const restored = await node.start();
  t.equal([...restored.table.rows()][0].netns, '/run/netns/other');
});

t.test('requests that are not complete or not sane are refused with what is wrong', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const cases: [Parameters<typeof add>[2], string][] = [
    [{ containerId: '' }, 'CNI_CONTAINERID: missing'],
    [{ containerId: '../../etc' }, 'CNI_CONTAINERID: not valid: "../../etc"'],
    [{ ifname: '' }, 'CNI_IFNAME: missing'],
    [{ ifname: 'a/b' }, 'CNI_IFNAME: not valid: "a/b"'],
    [{ ifname: 'abcdefghijklmnop' }, 'CNI_IFNAME: not valid: "abcdefghijklmnop"'],
    [{ netns: '' }, 'CNI_NETNS: missing'],
    [{ netns: 'relative' }, 'CNI_NETNS: not valid: "relative"'],
    [{ args: '' }, 'CNI_ARGS: K8S_POD_NAMESPACE: missing'],
    [{ args: 'K8S_POD_NAMESPACE=shop' }, 'CNI_ARGS: K8S_POD_NAME: missing'],
    [{ args: 7 as never }, 'CNI_ARGS: K8S_POD_NAMESPACE: missing'],
  ];
  for (const [more, msg] of cases) t.same(await add(endpoints, 'c1', more), { code: 4, body: { msg } });
  t.same(await endpoints.cni(request('FROB', 'c1')), { code: 4, body: { msg: 'CNI_COMMAND: not known: "FROB"' } });
  t.equal((await endpoints.cni({} as never)).code, 4);
  t.equal(endpoints.table.size, 0);
  t.equal(node.machine.files.size, 0);
});

t.test('an ADD before the pod prefixes are known is told to try again', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  endpoints.setPrefixes([]);
  t.same(await add(endpoints, 'c1'), { code: 11, body: { msg: 'pod addresses: the pod prefixes of this node are not known yet' } });
  t.equal((await endpoints.cni(request('STATUS', ''))).code, 50);
});

t.test('when addresses run out the answer names the prefix and the counts, and nothing is left of the attempt', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  endpoints.setPrefixes(['10.11.0.0/29', 'fd00:11::/64']);
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) t.equal((await add(endpoints, id)).code, 0);
  const answer = await add(endpoints, 'c6');
  t.equal(answer.code, 11);
  t.equal(message(answer), 'pod addresses: none is free: 10.11.0.0/29: 5 of 5 in use');
  t.equal(node.machine.files.size, 5 * 2);
  t.same(
    endpoints.pools().map(({ used }) => used),
    [5, 5],
  );
  t.match(await endpoints.cni(request('STATUS', '')), { code: 50, body: { msg: 'pod addresses: none is free in 10.11.0.0/29' } });
  await del(endpoints, 'c3');
  t.equal((await endpoints.cni(request('STATUS', ''))).code, 0);
  t.equal(addressesIn(await add(endpoints, 'c6'))[0], '10.11.0.4');
});

t.test('a DEL takes away device, row, flows, file and addresses, in this order, and may be repeated', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  await add(endpoints, 'c1');
  node.machine.steps.length = 0;
  node.forget = async (addresses) => {
    t.equal(endpoints.table.size, 0, 'the row is gone by then');
    node.machine.steps.push(`forget ${addresses.join()}`);
  };
  t.same(await del(endpoints, 'c1', { netns: '' }), { code: 0 });
  const device = deviceName({ containerId: 'c1', ifname: 'eth0' });
  const steps = [...new Set(node.machine.steps.filter((step) => /^(remove|forget) /.test(step)))];
  t.same(steps, [
    `remove ${device}`,
    'forget 10.11.0.2,fd00:11::2',
    ...['json', 'copy'].map((name) => `remove ${stateFolder}/endpoints/1.${name}`),
  ]);
  t.equal(node.machine.files.size, 0);
  t.same(
    endpoints.pools().map(({ used }) => used),
    [0, 0],
  );
  t.same(await del(endpoints, 'c1'), { code: 0 });
  t.same(await del(endpoints, 'never seen'.replace(' ', '-')), { code: 0 });
});

t.test('addresses are not given to others before their flows are forgotten; the DEL has succeeded by then', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  endpoints.setPrefixes(['10.11.0.0/30', 'fd00:11::/64']);
  const running = node.run(endpoints);
  await add(endpoints, 'c1');
  let isBroken = true;
  node.forget = async () => {
    if (isBroken) throw new Error('conntrack is busy');
  };
  t.same(await del(endpoints, 'c1'), { code: 0 });
  t.equal(node.machine.devices.size, 0);
  t.match(endpoints.problems(), ['endpoint 1 (shop/c1): not released: conntrack is busy']);
  t.equal((await add(endpoints, 'c2')).code, 11);
  t.match(await add(endpoints, 'c1'), { code: 11, body: { msg: /its earlier interface is not released yet: conntrack is busy/ } });
  isBroken = false;
  await node.clock.advance(70_000);
  t.same(endpoints.problems(), []);
  t.equal((await add(endpoints, 'c2')).code, 0);
  node.stop();
  await running;
});

t.test('an ADD waits until the endpoint is enforced, and no longer than it may', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const open = new Map<number, () => void>();
  node.enforced = (endpoint, signal) =>
    new Promise((resolve) => {
      open.set(endpoint, resolve);
      signal.addEventListener('abort', () => resolve());
    });
  let answer: { code: number } | undefined;
  const first = add(endpoints, 'c1').then((value) => {
    answer = value;
  });
  await node.clock.advance(9000);
  t.equal(answer, undefined);
  open.get(1)?.();
  await first;
  t.equal(answer?.code, 0);
  t.same(node.warnings(), []);
  const second = add(endpoints, 'c2');
  await node.clock.advance(10_000);
  t.equal((await second).code, 0);
  t.same(node.warnings(), ['a pod starts before its policy is known; it is closed until then']);
  t.equal(node.clock.pendingTimers, 0);
});

t.test('an ADD whose hooks cannot be put on is undone', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  node.enforced = async () => {
    throw new Error('no hook');
  };
  t.match(await add(endpoints, 'c1'), { code: 11, body: { msg: 'pod shop/c1: its policy cannot be enforced: no hook' } });
  t.equal(endpoints.table.size + node.machine.devices.size + node.machine.files.size, 0);
});

t.test('a DEL does not wait for an ADD to be enforced; the ADD says that it was overtaken', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  node.enforced = (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const adding = add(endpoints, 'c1');
  await node.clock.advance(10);
  t.equal(endpoints.table.size, 1);
  t.same(await del(endpoints, 'c1'), { code: 0 });
  t.match(await adding, { code: 11, body: { msg: /deleted while it was made/ } });
  t.equal(node.machine.devices.size + node.machine.files.size, 0);
  t.equal(node.clock.pendingTimers, 0);
});

t.test('CHECK tells what differs', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  const { body } = await add(endpoints, 'c1');
  const check = (prevResult: unknown, more = {}) => {
    const config = { cniVersion: '1.0.0', name: 'axoneme', type: 'axoneme-cni', prevResult };
    return endpoints.cni(request('CHECK', 'c1', { config, ...more }));
  };
  t.same(await check(body), { code: 0 });
  t.same(await check(undefined), { code: 0 });
  t.match(await check({ ips: [{ address: '10.9.9.9/32' }] }), {
    code: 100,
    body: { msg: /10\.9\.9\.9: not an address of this interface; .*10\.11\.0\.2: missing/ },
  });
  t.match(await check(body, { netns: '/run/netns/x' }), { code: 100, body: { msg: /CNI_NETNS: not \/run\/netns\/c1/ } });
  t.match(await check({ ips: [null, 7] }), { code: 100 });
  node.machine.devices.clear();
  t.match(await check(body), { code: 100, body: { msg: /axn[0-9a-f]{10}: missing/ } });
  t.match(await endpoints.cni(request('CHECK', 'c9')), { code: 3 });
});

t.test('GC deletes what the runtime does not list, and nothing when there is no list', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  for (const id of ['c1', 'c2', 'c3']) await add(endpoints, id);
  const gc = (valid: unknown) => {
    const config = { cniVersion: '1.1.0', name: 'axoneme', type: 'axoneme-cni', 'cni.dev/valid-attachments': valid as never };
    return endpoints.cni(request('GC', '', { config }));
  };
  t.equal((await gc(undefined)).code, 7);
  t.equal((await endpoints.cni(request('GC', '', { config: null as never }))).code, 7);
  t.equal(endpoints.table.size, 3);
  t.same(await gc([{ containerID: 'c2', ifname: 'eth0' }, { containerID: 'c3', ifname: 'net1' }, null]), { code: 0 });
  t.same(
    [...endpoints.table.rows()].map(({ containerId }) => containerId),
    ['c2'],
  );
});

t.test('GC goes on where one deletion fails, and says so', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  for (const id of ['c1', 'c2', 'c3']) await add(endpoints, id);
  const stuck = deviceName({ containerId: 'c2', ifname: 'eth0' });
  node.machine.faults = { fails: (step) => step === `remove ${stuck}`, dies: () => false };
  const config = { cniVersion: '1.1.0', name: 'axoneme', type: 'axoneme-cni', 'cni.dev/valid-attachments': [] };
  t.equal((await endpoints.cni(request('GC', '', { config }))).code, 11);
  t.same(
    [...endpoints.table.rows()].map(({ containerId }) => containerId),
    ['c2'],
  );
});

t.test('STATUS says when pods may have limited connectivity', async (t) => {
  const node = new Node();
  const endpoints = await node.start();
  t.same(await endpoints.cni(request('STATUS', '')), { code: 0 });
  node.limits = () => 'datapath: not attached';
  t.same(await endpoints.cni(request('STATUS', '')), { code: 51, body: { msg: 'datapath: not attached' } });
});
