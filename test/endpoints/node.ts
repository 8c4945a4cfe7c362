// A node as the tests of this room drive it: requests as a runtime makes them, and lives one after the other on one machine.

import type { CniAnswer, CniRequest, CniResult } from '../../orchestrator/cni/request.ts';
import { type Endpoints, type EndpointsOptions, openEndpoints } from '../../orchestrator/endpoints/endpoints.ts';
import { openLog } from '../../orchestrator/log.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { Machine } from './machine.ts';

export const stateFolder = '/state';
export const prefixes = ['10.11.0.0/28', 'fd00:11::/64'];

export function request(command: string, containerId: string, more: Partial<CniRequest> = {}): CniRequest {
  return {
    command: command as CniRequest['command'],
    containerId,
    netns: `/run/netns/${containerId}`,
    ifname: 'eth0',
    args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${containerId};K8S_POD_UID=uid-${containerId}`,
    path: '/opt/cni/bin',
    config: { cniVersion: '1.0.0', name: 'axoneme', type: 'axoneme-cni' },
    ...more,
  };
}

export function add(endpoints: Endpoints, containerId: string, more?: Partial<CniRequest>): Promise<CniAnswer> {
  return endpoints.cni(request('ADD', containerId, more));
}

export function del(endpoints: Endpoints, containerId: string, more?: Partial<CniRequest>): Promise<CniAnswer> {
  return endpoints.cni(request('DEL', containerId, more));
}

export function addressesIn({ body }: CniAnswer): string[] {
  return (body as CniResult).ips.map(({ address }) => address.replace(/\/\d+$/, ''));
}

export function message({ body }: CniAnswer): string {
  return (body as { msg: string }).msg;
}

export class Node {
  readonly machine = new Machine();
  readonly clock = new VirtualClock();
  readonly lines: { level: string; message: string; error?: string; endpoint?: unknown }[] = [];
  /** Addresses whose flows were forgotten, in order. */
  readonly forgotten: string[][] = [];
  forget: EndpointsOptions['forget'] = async (addresses) => void this.forgotten.push([...addresses]);
  enforced: EndpointsOptions['enforced'] = async () => {};
  limits: EndpointsOptions['limits'];
  #stop: AbortController | undefined;

  /** Ends the life before, if there was one, and begins the next. */
  async start(options: Partial<EndpointsOptions> = {}): Promise<Endpoints & { died: Promise<void>; kill: () => void }> {
    this.#stop?.abort();
    const { disk, host, kill, died } = this.machine.life();
    const endpoints = await Promise.race([
      died.then(() => undefined),
      openEndpoints({
        stateFolder,
        host,
        disk,
        clock: this.clock,
        log: this.log,
        mtu: () => 1450,
        enforced: (endpoint, signal) => this.enforced(endpoint, signal),
        forget: (addresses) => this.forget(addresses),
        limits: () => this.limits?.(),
        ...options,
      }),
    ]);
    if (endpoints === undefined) return this.start(options);
    endpoints.setPrefixes(prefixes);
    return Object.assign(endpoints, { died, kill });
  }

  /** Its loops, until the next life. */
  run(endpoints: Endpoints): Promise<void> {
    this.#stop = new AbortController();
    return endpoints.run({ signal: this.#stop.signal });
  }

  stop(): void {
    this.#stop?.abort();
  }

  warnings(): string[] {
    return this.lines.filter(({ level }) => level !== 'info').map(({ message }) => message);
  }

  private get log() {
    return openLog({ write: (line) => this.lines.push(JSON.parse(line)), now: () => new Date(0) }).room('endpoints');
  }
}
