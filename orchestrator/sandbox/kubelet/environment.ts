// Environment: the variables of a container, and the words of its command with $(VARIABLES) filled in.

import { AgentError } from '../../errors.ts';
import type { KubeApi } from './kube-api.ts';
import { type ContainerSpec, nameOf, type Pod } from './pod.ts';

export interface PodPlace {
  readonly node: string;
  readonly nodeAddresses: readonly string[];
  readonly addresses: readonly string[];
}

type Variables = Record<string, string>;

/** Later ones may speak of earlier ones. Throws SANDBOX_FAILED when what one refers to is not there. */
export async function environmentOf(pod: Pod, container: ContainerSpec, place: PodPlace, api: KubeApi): Promise<Variables> {
  const { namespace, name } = nameOf(pod);
  const found: Variables = { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', HOME: '/', HOSTNAME: pod.spec?.hostname || name };
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const entries = configMapRef?.name
      ? await api.configMap(namespace, configMapRef.name)
      : secretRef?.name
        ? texts(await api.secret(namespace, secretRef.name))
        : {};
    if (entries === undefined && !(configMapRef?.optional ?? secretRef?.optional))
      throw unusable('envFrom', configMapRef?.name ?? secretRef?.name);
    for (const [key, value] of Object.entries(entries ?? {})) found[prefix + key] = value;
  }
  for (const { name: key, value, valueFrom } of container.env ?? []) {
    const text = valueFrom ? await referred(pod, key, valueFrom, place, api) : expand(value ?? '', found);
    if (text !== undefined) found[key] = text;
  }
  return found;
}

/** `$(NAME)` becomes the variable, `$$(NAME)` stays as `$(NAME)`, and so does what is not known. */
export function expand(text: string, variables: Readonly<Variables>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (all, name) => (all === '$$' ? '$' : (variables[name] ?? all)));
}

type Source = NonNullable<NonNullable<ContainerSpec['env']>[number]['valueFrom']>;

async function referred(pod: Pod, key: string, source: Source, place: PodPlace, api: KubeApi): Promise<string | undefined> {
  const { namespace } = nameOf(pod);
  const { fieldRef, configMapKeyRef, secretKeyRef } = source;
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath, place);
  const reference = configMapKeyRef ?? secretKeyRef;
  if (!reference?.name) throw unusable(`env ${key}`, 'only fieldRef, configMapKeyRef and secretKeyRef are served here');
  const entries = configMapKeyRef ? await api.configMap(namespace, reference.name) : texts(await api.secret(namespace, reference.name));
  const value = entries?.[reference.key];
  if (value === undefined && !reference.optional) throw unusable(`env ${key}`, `${reference.name}: no key "${reference.key}"`);
  return value;
}

function fieldOf(pod: Pod, path: string, { node, nodeAddresses, addresses }: PodPlace): string {
  const { metadata, spec } = pod;
  const entry = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (entry) return metadata?.[entry[1] as 'labels' | 'annotations']?.[entry[2]] ?? '';
  const known: Record<string, string | undefined> = {
    'metadata.name': metadata?.name,
    'metadata.namespace': metadata?.namespace,
    'metadata.uid': metadata?.uid,
    'spec.nodeName': node,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.hostIP': nodeAddresses[0],
    'status.hostIPs': nodeAddresses.join(','),
    'status.podIP': addresses[0],
    'status.podIPs': addresses.join(','),
  };
  if (!(path in known)) throw unusable('fieldRef', path);
  return known[path] ?? '';
}

function texts(entries: Readonly<Record<string, Uint8Array>> | undefined): Variables | undefined {
  return entries && Object.fromEntries(Object.entries(entries).map(([key, bytes]) => [key, Buffer.from(bytes).toString()]));
}

function unusable(where: string, what: string | undefined): AgentError {
  return new AgentError('SANDBOX_FAILED', `${where}: ${what ?? ''}: not there`);
}
