// Pod files: what a pod sees other than the host does. Everything lies in a folder of the pod's own and is shown at its place by a mount:
// /etc/hosts, /etc/resolv.conf, /run with the service account's token, and volumes.

import { existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AgentError } from '../../errors.ts';
import type { KubeApi } from './kube-api.ts';
import { nameOf, type Pod } from './pod.ts';

export interface ClusterDns {
  /** Address of the cluster's name server. */
  readonly server: string | undefined;
  readonly domain: string;
}

export interface Mount {
  readonly from: string;
  readonly to: string;
}

const tokenFolder = 'secrets/kubernetes.io/serviceaccount';
const runFolder = realpathSync('/run');

export class PodFiles {
  readonly folder: string;
  readonly #run: string;

  constructor(folder: string) {
    this.folder = folder;
    this.#run = join(folder, 'run');
  }

  /** Writes everything anew; what the pod mounts, in order. Throws SANDBOX_FAILED for what can't be had. */
  async prepare(pod: Pod, api: KubeApi, dns: ClusterDns): Promise<Mount[]> {
    this.remove();
    mkdirSync(join(this.#run, 'lock'), { recursive: true });
    const { hosts, resolv } = { hosts: join(this.folder, 'hosts'), resolv: join(this.folder, 'resolv.conf') };
    writeFileSync(hosts, hostsText(pod, []));
    writeFileSync(resolv, resolvText(pod, dns));
    await this.#writeToken(pod, api);
    const volumes = await this.#writeVolumes(pod, api);
    // Last: the pod's folder may itself lie below /run.
    return [{ from: hosts, to: '/etc/hosts' }, ...this.#placeResolv(resolv), ...volumes, { from: this.#run, to: runFolder }];
  }

  /** The pod has its addresses now. */
  setAddresses(pod: Pod, addresses: readonly string[]): void {
    writeFileSync(join(this.folder, 'hosts'), hostsText(pod, addresses));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #placeResolv(resolv: string): Mount[] {
    const place = existsSync('/etc/resolv.conf') ? realpathSync('/etc/resolv.conf') : undefined;
    if (place === undefined || !place.startsWith(`${runFolder}/`)) return [{ from: resolv, to: place ?? '/etc/resolv.conf' }];
    const inside = join(this.#run, place.slice(runFolder.length));
    mkdirSync(dirname(inside), { recursive: true });
    writeFileSync(inside, '');
    return [{ from: resolv, to: inside }];
  }

  async #writeToken(pod: Pod, api: KubeApi): Promise<void> {
    if (pod.spec?.automountServiceAccountToken === false) return;
    const { namespace } = nameOf(pod);
    const token = await api.serviceAccountToken(namespace, pod.spec?.serviceAccountName || 'default', nameOf(pod));
    if (token === undefined) return;
    const ca = await api.configMap(namespace, 'kube-root-ca.crt');
    this.#write(join(this.#run, tokenFolder), { token, namespace, ...ca });
  }

  async #writeVolumes(pod: Pod, api: KubeApi): Promise<Mount[]> {
    const mounts = new Map<string, Mount>();
    const { namespace } = nameOf(pod);
    for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
      for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
        const volume = pod.spec?.volumes?.find((one) => one.name === name);
        // Tokens have their place without being asked for.
        if (volume === undefined || volume.projected) continue;
        const from = volume.hostPath?.path ?? join(this.folder, 'volumes', name);
        if (!existsSync(from)) await this.#fillVolume(from, volume, namespace, api);
        mounts.set(mountPath, this.#placeVolume(subPath ? join(from, subPath) : from, mountPath, name));
      }
    }
    return [...mounts.values()];
  }

  async #fillVolume(folder: string, volume: NonNullable<NonNullable<Pod['spec']>['volumes']>[number], namespace: string, api: KubeApi) {
    mkdirSync(folder, { recursive: true });
    const { configMap, secret, emptyDir } = volume;
    if (configMap?.name) this.#write(folder, (await api.configMap(namespace, configMap.name)) ?? missing('config map', configMap.name));
    else if (secret?.secretName)
      this.#write(folder, (await api.secret(namespace, secret.secretName)) ?? missing('secret', secret.secretName));
    else if (!emptyDir)
      throw unusable(
        `volume ${volume.name}: only configMap, secret, emptyDir, hostPath (of what is there) and projected volumes are served here`,
      );
  }

  /** The host's file system is the pod's: a place that the host lacks can only be made below /run, which is the pod's own. */
  #placeVolume(from: string, to: string, name: string): Mount {
    const place = to.replace(/^\/var\/run(?=\/|$)/, '/run');
    if (place.startsWith('/run/')) {
      const inside = join(this.#run, place.slice('/run'.length));
      mkdirSync(inside, { recursive: true });
      return { from, to: inside };
    }
    if (!existsSync(to) || !statSync(to).isDirectory()) {
      throw unusable(`volume ${name}: mountPath ${to}: no such folder on this host, whose file system pods share: use one below /run`);
    }
    return { from, to };
  }

  #write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  }
}

function hostsText(pod: Pod, addresses: readonly string[]): string {
  const { hostname, subdomain, hostAliases } = pod.spec ?? {};
  const name = hostname || nameOf(pod).name;
  const names = subdomain ? [`${name}.${subdomain}.${nameOf(pod).namespace}.svc.cluster.local`, name] : [name];
  const own = addresses.map((address) => `${address}\t${names.join('\t')}`);
  const more = (hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`);
  return ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', ...own, ...more, ''].join('\n');
}

/** As the pod's dnsPolicy wants it; where there is no cluster DNS, every pod has the host's. */
function resolvText(pod: Pod, { server, domain }: ClusterDns): string {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = pod.spec ?? {};
  const isClusters = server !== undefined && (dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork));
  const { namespace } = nameOf(pod);
  const servers = [...(isClusters ? [server] : []), ...(dnsConfig?.nameservers ?? [])];
  const searches = [...(isClusters ? [`${namespace}.svc.${domain}`, `svc.${domain}`, domain] : []), ...(dnsConfig?.searches ?? [])];
  const options = [
    ...(isClusters ? ['ndots:5'] : []),
    ...(dnsConfig?.options ?? []).map(({ name, value }) => (value ? `${name}:${value}` : `${name}`)),
  ];
  return [
    ...servers.map((address) => `nameserver ${address}`),
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}

function missing(what: string, name: string): never {
  throw unusable(`${what} "${name}" not found`);
}

function unusable(message: string): AgentError {
  return new AgentError('SANDBOX_FAILED', message);
}
