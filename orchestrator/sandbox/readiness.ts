// Readiness: waits until nodes or pods of a cluster say that they are Ready, and tells who does not.

import { AgentError } from '../errors.ts';
import type { KubeClient, KubeObject } from './control-plane/client.ts';

export interface AwaitOptions {
  readonly timeoutMs: number;
  /** Names: of nodes, or `namespace/name`; all that are there without. */
  readonly names?: readonly string[];
  /** Each once, when it is. */
  readonly ready?: (name: string) => void;
  /** Why there is nothing to wait for any more. */
  readonly hopeless?: () => Promise<string | undefined>;
}

const pollMs = 100;

export const awaitNodes = (kube: KubeClient, options: AwaitOptions): Promise<void> => awaitAll(kube, '/api/v1/nodes', options);
/** Those that have succeeded count as well. */
export const awaitPods = (kube: KubeClient, options: AwaitOptions): Promise<void> => awaitAll(kube, '/api/v1/pods', options);

/** Throws SANDBOX_FAILED with everybody who is not, and why as far as it is known. */
async function awaitAll(kube: KubeClient, path: string, { timeoutMs, names, ready, hopeless }: AwaitOptions): Promise<void> {
  const told = new Set<string>();
  for (const end = Date.now() + timeoutMs; ; ) {
    const objects = new Map((await kube.list(path)).map((object) => [pathOf(object), object]));
    const wanted = names ?? [...objects.keys()];
    const missing = wanted.filter((name) => !isReady(objects.get(name)));
    for (const name of wanted) {
      if (missing.includes(name) || told.has(name)) continue;
      told.add(name);
      ready?.(name);
    }
    if (missing.length === 0) return;
    const reason = (await hopeless?.()) ?? (Date.now() > end ? `sandbox: not ready after ${Math.round(timeoutMs / 1000)} s` : undefined);
    if (reason !== undefined) {
      const lines = missing.map((name) => `  ${name}: ${objects.has(name) ? whyNot(objects.get(name)!) : 'is not there'}`);
      throw new AgentError('SANDBOX_FAILED', `${reason}\n${lines.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function pathOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export function isReady(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  const conditions: Condition[] = object.status?.conditions ?? [];
  return object.status?.phase === 'Succeeded' || conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function whyNot({ spec, status }: KubeObject): string {
  const conditions: Condition[] = status?.conditions ?? [];
  const states: { waiting?: Condition; terminated?: Condition }[] = (status?.containerStatuses ?? []).map(
    ({ state }: { state: object }) => state,
  );
  const container = states.flatMap(({ waiting, terminated }) => waiting ?? terminated ?? [])[0];
  const condition = conditions.find(({ type, message }) => type === 'Ready' && message);
  const reason = [container?.reason, container?.message ?? condition?.message].filter(Boolean).join(': ');
  const where = spec?.nodeName === undefined ? '' : ` on ${spec.nodeName}`;
  return `${status?.phase ?? 'not ready'}${where}${reason === '' ? '' : `: ${reason}`}`;
}
