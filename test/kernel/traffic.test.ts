// Sockets of real pods through the programs as they are attached. A test run cannot show offloaded checksums, segments that are none
// yet, redirects into a namespace, and what the receiving stack thinks of the result.

import t from 'tap';
import { REASON_POLICY_DENIED } from '../../orchestrator/datapath/generated/enums.ts';
import { metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { caseSizes, Stage } from '../datapath/packets/stage.ts';
import { macOf, type State } from '../datapath/packets/state.ts';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import { openPods, Pod, podsSkip } from '../support/pods.ts';
import { type Family, families, type HostName, hostAddress } from '../support/world.ts';

const ports = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 } as const;
const transferred = 3_000_000;

/** The server takes what the client sends to three ports; everybody may send. */
const state: State = {
  config: {},
  endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 2, enforced: 'ingress' } },
  policies: { 2: ['#7 ingress allow 100 tcp 8080', '#8 ingress allow 100 udp 5353', '#9 ingress allow 100 udp 5354'] },
  services: [
    { number: 1, frontend: 'vip:80', protocol: 'tcp', backends: [{ id: 1, at: 'server:8080' }] },
    { number: 2, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 2, at: 'server:5353' }] },
    { number: 3, frontend: 'vip:54', protocol: 'udp', backends: [{ id: 3, at: 'server:5354' }] },
  ],
};

/** Answers every connection with the address it came from, then with what it gets, and every datagram likewise. */
const serve = `
  const net = require('node:net'), dgram = require('node:dgram');
  const plain = (address) => address.replace('::ffff:', '');
  let missing = 3;
  const ready = () => { if (--missing === 0) console.log('ready'); };
  for (const port of [8080, 9090]) {
    net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.write(plain(socket.remoteAddress) + '\\n');
      socket.pipe(socket);
    }).listen(port, '::', ready);
  }
  const socket = dgram.createSocket({ type: 'udp6' });
  socket.on('message', (data, from) => socket.send(plain(from.address) + ' ' + data, from.port, from.address));
  socket.bind(5353, '::', ready);`;

const connect = (host: string, port: number): string => `
  const socket = require('node:net').connect({ host: '${host}', port: ${port} });
  let first = '', received = 0;
  socket.on('data', (data) => { received += data.length; if (first.length < 64) first += data.subarray(0, 64).toString('latin1'); });
  socket.on('end', () => console.log(first.split('\\n')[0] + ' ' + (received - first.split('\\n')[0].length - 1)));
  socket.on('error', (error) => console.log(error.code));
  socket.setTimeout(1500, () => { console.log('silence'); socket.destroy(); });
  socket.end(Buffer.alloc(${transferred}, 1));`;

const ask = (family: Family, host: string, port: number): string => `
  const socket = require('node:dgram').createSocket('${family === 'ipv4' ? 'udp4' : 'udp6'}');
  const end = (text) => { console.log(text); socket.close(); };
  const timer = setTimeout(() => end('silence'), 1500);
  socket.on('message', (data) => { clearTimeout(timer); end(String(data)); });
  socket.on('error', (error) => { clearTimeout(timer); end(error.code); });
  socket.connect(${port}, '${host}', () => socket.send('hello'));`;

/** A MAC address is the low six bytes of its word, first byte first. */
function macText(word: bigint): string {
  return Array.from({ length: 6 }, (_, index) =>
    Number((word >> BigInt(index * 8)) & 0xffn)
      .toString(16)
      .padStart(2, '0'),
  ).join(':');
}

function pod(name: HostName): Pod {
  const [mac, gatewayMac] = [macText(macOf(name, 'pod')), macText(macOf(name, 'gateway'))];
  return new Pod({ name, port: ports[name as keyof typeof ports], mac, gatewayMac });
}

async function denials(datapath: KernelDatapath): Promise<bigint> {
  for await (const [index, metric] of datapath.map(metricsSpec).entries()) if (index === REASON_POLICY_DENIED * 2) return metric.packets;
  return 0n;
}

const skip = (await kernelSkip()) || podsSkip();

t.test('two pods', { skip }, async (t) => {
  const datapath = await openTestKernel({ sizes: { ...caseSizes, events: 65536 } });
  await openPods();
  using client = pod('client');
  using server = pod('server');
  await datapath.attach({ number: ports.client, kind: 'pod' });
  await datapath.attach({ number: ports.server, kind: 'pod' });
  t.equal(await server.start(serve), 'ready');

  for (const family of families) {
    const stage = new Stage({ datapath, ports, takesTime: false }, family);
    await stage.write(state);
    const [own, target, frontend] = [hostAddress('client', family), hostAddress('server', family), hostAddress('vip', family)];

    t.equal(await client.run(connect(target, 8080)), `${own} ${transferred}`, `${family}: what policy allows arrives whole, both ways`);
    t.equal(await client.run(connect(frontend, 80)), `${own} ${transferred}`, `${family}: a service's address answers for its backend`);
    t.equal(await client.run(ask(family, target, 5353)), `${own} hello`, `${family}: datagrams`);
    t.equal(await client.run(ask(family, frontend, 53)), `${own} hello`, `${family}: datagrams to a service`);
    t.equal(await client.run(ask(family, target, 5354)), 'ECONNREFUSED', `${family}: a closed port's ICMP error arrives`);
    t.equal(await client.run(ask(family, frontend, 54)), 'ECONNREFUSED', `${family}: ... and speaks of the service's address`);

    const before = await denials(datapath);
    t.equal(await client.run(connect(target, 9090)), 'silence', `${family}: what policy does not allow is dropped`);
    t.ok((await denials(datapath)) > before, `${family}: ... and counted as denied`);
    await stage.clear();
  }
  await datapath.close();
});
