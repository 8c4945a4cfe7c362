// Claims as short texts, for tests: `10.0.0.0/8 kubernetes #300 @n1 reserved:host cidrgroup:partners`.

import type { Claim, ClaimSource } from '../../../orchestrator/model/ipcache/claim.ts';
import type { Meaning } from '../../../orchestrator/model/ipcache/meaning.ts';
import { Labels } from '../../../orchestrator/model/labels.ts';
import { parsePrefix } from '../../../orchestrator/net/prefix.ts';

export function claim(text: string, owner = text): Claim {
  const [prefix = '', source = '', ...rest] = text.split(' ');
  const identity = rest.find((word) => word.startsWith('#'));
  const node = rest.find((word) => word.startsWith('@'));
  const labels = rest.filter((word) => word.includes(':'));
  return {
    prefix: parsePrefix(prefix),
    source: source as ClaimSource,
    owner,
    ...(identity !== undefined && { identity: Number(identity.slice(1)) }),
    ...(node !== undefined && { node: node.slice(1) }),
    ...(labels.length > 0 && { labels: new Labels(labels.map(readLabel)) }),
  };
}

/** `300 @n1`, or `10.0.0.0/8 reserved:world-ipv4=;`. */
export function meaningWords(meaning: Meaning | undefined): string {
  if (meaning === undefined) return 'nothing';
  const node = meaning.node === undefined ? '' : ` @${meaning.node}`;
  return (meaning.kind === 'number' ? `${meaning.number}` : `${meaning.local.prefix.text} ${meaning.local.labels.text}`) + node;
}

function readLabel(text: string): { source: string; key: string; value: string } {
  const [, source = '', key = '', value = ''] = /^([^:]*):([^=]*)=?(.*)$/.exec(text) ?? [];
  return { source, key, value };
}
