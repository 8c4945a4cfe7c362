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
import { families, type HostName, hostAddress } from '../support/world.ts';
import { ask, connect, macText, serve, transferred } from './sockets.ts';

const ports = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 } as const;

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

function pod(name: HostName): Pod {
  const [mac, gatewayMac] = [macText(macOf(name, 'pod')), macText(macOf(name, 'gateway'))];
  return new Pod({ name, port: ports[name as keyof typeof ports], mac, gatewayMac });
}

async function denials(datapath: KernelDatapath): Promise<bigint> {
  for await (const [index, metric] of datapath.map(metricsSpec).entries()) if (index === REASON_POLICY_DENIED * 2) return metric.packets;
  return 0n;
}

t.setTimeout(900_000);
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
