// SCTP between real pods and through a service: its checksum is a CRC over the whole packet, which the programs change and the other end checks,
// and ends name ports that a service translates. Few kernels have such sockets: test/kernel-matrix.test.ts runs it on one.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { REASON_POLICY_DENIED } from '../../orchestrator/datapath/generated/enums.ts';
import { metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { Stage } from '../datapath/packets/stage.ts';
import { macOf, type State } from '../datapath/packets/state.ts';
import { borrowTestKernel, kernelSkip } from '../support/kernel.ts';
import { openPods, Pod, podsSkip } from '../support/pods.ts';
import { families, hostAddress } from '../support/world.ts';
import { macText } from './sockets.ts';

const ports = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 } as const;
const source = fileURLToPath(new URL('sctp/peer.c', import.meta.url));
const folder = fileURLToPath(new URL('../../build/test', import.meta.url));
const peer = `${folder}/sctp-peer`;
/** 30 messages of 100 bytes, and 10 of 9,000, of which each takes several packets. */
const transferred = 93_000;

const state: State = {
  config: {},
  endpoints: { client: { identity: 100 }, server: { identity: 200, policySet: 2, enforced: 'ingress' } },
  policies: { 2: ['#7 ingress allow 100 sctp 8080', '#8 ingress allow 100 sctp 8081'] },
  services: [
    { number: 1, frontend: 'vip:80', protocol: 'sctp', backends: [{ id: 1, at: 'server:8080' }] },
    { number: 2, frontend: 'vip:81', protocol: 'sctp', backends: [{ id: 2, at: 'server:8081' }] },
  ],
};

/** Why there are no such sockets here, as a sentence. */
function peerSkip(): string | false {
  mkdirSync(folder, { recursive: true });
  const built = spawnSync(process.env.CC ?? 'gcc', ['-O2', '-Wall', '-D_GNU_SOURCE', '-o', peer, source], { encoding: 'utf8' });
  if (built.error !== undefined) return 'there is no C compiler for the ends';
  if (built.status !== 0) throw new Error(built.stderr);
  const tried = spawnSync(peer, ['try'], { encoding: 'utf8' });
  return tried.status === 0 ? false : `this kernel has no sockets for it: ${tried.stderr.trim()}`;
}

const pod = (name: 'client' | 'server') =>
  new Pod({ name, port: ports[name], mac: macText(macOf(name, 'pod')), gatewayMac: macText(macOf(name, 'gateway')) });

t.setTimeout(900_000);
const skip = (await kernelSkip()) || podsSkip() || peerSkip();

t.test('SCTP between two pods', { skip }, async (t) => {
  await using datapath = await borrowTestKernel();
  await openPods();
  using client = pod('client');
  using server = pod('server');
  // Whoever borrows these programs next finds them attached to nothing.
  await using _client = await datapath.attach({ number: ports.client, kind: 'pod' });
  await using _server = await datapath.attach({ number: ports.server, kind: 'pod' });
  const addresses = families.map((family) => hostAddress('server', family));
  t.equal(await server.start([peer, 'serve', '8080', ...addresses]), 'ready');
  const denials = async (): Promise<bigint> => {
    for await (const [index, metric] of datapath.map(metricsSpec).entries()) if (index === REASON_POLICY_DENIED * 2) return metric.packets;
    return 0n;
  };

  for (const checksums of ['left to the device', 'written by the sender']) {
    if (checksums !== 'left to the device') for (const end of [client, server]) await end.run([peer, 'written', 'eth0']);
    for (const family of families) {
      const stage = new Stage({ datapath, ports, takesTime: false }, family);
      await stage.write(state);
      const [own, target, vip] = [hostAddress('client', family), hostAddress('server', family), hostAddress('vip', family)];
      const ask = (address: string, port: number) => client.run([peer, 'ask', own, address, `${port}`]);
      const what = `${family}, checksums ${checksums}`;
      t.equal(await ask(target, 8080), `${own} ${transferred}`, `${what}: what policy allows arrives whole, both ways`);
      t.equal(await ask(vip, 80), `${own} ${transferred}`, `${what}: a service's address and port answer for its backend`);
      t.equal(await ask(vip, 81), 'ECONNREFUSED', `${what}: a closed port aborts in the service's name`);
      const before = await denials();
      t.equal(await ask(target, 9090), 'silence', `${what}: what policy does not allow is dropped`);
      t.ok((await denials()) > before, `${what}: and counted as denied`);
      await stage.clear();
    }
  }
});
