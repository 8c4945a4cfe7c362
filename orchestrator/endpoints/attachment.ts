// Attachment: whose interface a request speaks of. What a runtime sends is checked here and nowhere else.

import { type CniRequest, cniCode } from '../cni/request.ts';
import type { PodInterface } from './interfaces.ts';
import { CniRefusal } from './refusal.ts';

export type AttachmentName = Pick<PodInterface, 'containerId' | 'ifname'>;
export type Attachment = AttachmentName & Pick<PodInterface, 'netns' | 'namespace' | 'pod' | 'uid'>;

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;
/** What the kernel accepts as an interface's name. */
const ifnamePattern = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;

/** Throws CniRefusal. */
export function readName({ containerId, ifname }: Partial<CniRequest>): AttachmentName {
  return {
    containerId: checked('CNI_CONTAINERID', containerId, idPattern),
    ifname: checked('CNI_IFNAME', ifname, ifnamePattern),
  };
}

/** Throws CniRefusal. */
export function readAttachment(request: CniRequest): Attachment {
  const name = readName(request);
  const netns = checked('CNI_NETNS', request.netns, /^\/[^\0]{1,4095}$/);
  const args = readArguments(request.args);
  const namespace = checked('CNI_ARGS: K8S_POD_NAMESPACE', args.get('K8S_POD_NAMESPACE'), idPattern);
  const pod = checked('CNI_ARGS: K8S_POD_NAME', args.get('K8S_POD_NAME'), idPattern);
  return { ...name, netns, namespace, pod, uid: args.get('K8S_POD_UID') ?? '' };
}

function checked(name: string, value: unknown, pattern: RegExp): string {
  if (value === undefined || value === '') throw new CniRefusal(cniCode.badEnvironment, `${name}: missing`);
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new CniRefusal(cniCode.badEnvironment, `${name}: not valid: ${JSON.stringify(value)?.slice(0, 300)}`);
}

/** `A=1;B=2`; what has no name or no value means nothing. */
function readArguments(text: unknown): Map<string, string> {
  const pairs = typeof text === 'string' ? text.split(';').map((pair) => pair.split('=')) : [];
  return new Map(pairs.flatMap(([name = '', ...value]) => (value.length > 0 ? [[name, value.join('=')] as const] : [])));
}
