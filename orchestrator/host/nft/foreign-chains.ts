// Foreign chains: those of others that drop what no rule of theirs allows, as Docker's and firewalls'.

import { Attributes } from '../attributes.ts';
import { tableName } from '../ours.ts';
import type { Session } from '../session.ts';
import { chainAttribute, header, message, typeOf } from './message.ts';

/** NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT. */
export const netfilterHook = { input: 1, forward: 2, output: 3 } as const;
/** NF_DROP */
const drop = 0;

/** Tables and names of such chains at a hook, "filter FORWARD"; undefined where there is no nf_tables, and so no chain of it. */
export function droppingChains(netfilter: Session, hook: number): string[] | undefined {
  try {
    return netfilter.dump(typeOf(message.getChain), header(0)).flatMap(({ body }) => {
      const chain = new Attributes(body, header(0).length);
      const isThere = number(chain.nested(chainAttribute.hook).bytes(1)) === hook;
      const isDrop = number(chain.bytes(chainAttribute.policy)) === drop;
      const table = chain.text(chainAttribute.table) ?? '';
      return isThere && isDrop && table !== tableName ? [`${table} ${chain.text(chainAttribute.name)}`] : [];
    });
  } catch {
    return undefined;
  }
}

function number(bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
