// Peers: the fields of a rule that say who is on the other side. They exclude each other; none of them at all means everybody.

import { readName } from '../name-match.ts';
import type { Direction, Peer } from '../rule.ts';
import { readEntity } from './entities.ts';
import type { Field } from './field.ts';
import { readEndpoints } from './peer-selectors.ts';
import { readPrefix } from './prefixes.ts';
import { prefixPeer, readPrefixSet, readService } from './references.ts';
import type { Scope } from './scope.ts';
import { readRequirements } from './selectors.ts';

export interface PeerContext {
  readonly direction: Direction;
  readonly action: 'allow' | 'deny';
  readonly subjectIsInit: boolean;
}

export interface ReadPeers {
  readonly peers: readonly Peer[];
  /** One of the fields is there, if only as an empty list, which means nobody. */
  readonly named: boolean;
}

type ReadElement = (field: Field, scope: Scope, context: PeerContext) => Peer[];

const byField = {
  ingress: Object.entries<ReadElement>({
    fromEndpoints: (field, scope, { subjectIsInit }) => readEndpoints(field, scope, subjectIsInit),
    fromCIDR: readCidr,
    fromCIDRSet: readPrefixSet,
    fromEntities: readEntity,
    fromNodes: readNodes,
    fromGroups: readGroups,
  }),
  egress: Object.entries<ReadElement>({
    toEndpoints: (field, scope, { subjectIsInit }) => readEndpoints(field, scope, subjectIsInit),
    toCIDR: readCidr,
    toCIDRSet: readPrefixSet,
    toEntities: readEntity,
    toNodes: readNodes,
    toGroups: readGroups,
    toServices: readService,
    toFQDNs: readFqdn,
  }),
} satisfies Record<Direction, unknown>;

export function readPeers(element: Field, scope: Scope, context: PeerContext): ReadPeers {
  const { findings } = scope;
  const peers: Peer[] = [];
  const kinds: string[] = [];
  let named = false;
  for (const [name, readElement] of byField[context.direction]) {
    // Deny rules know no names: those of an address are never all known.
    if (name === 'toFQDNs' && context.action === 'deny') continue;
    const field = element.get(name);
    if (field.present) named = true;
    if (field.count > 0) kinds.push(name);
    for (const item of findings.list(field)) peers.push(...readElement(item, scope, context));
  }
  // Conditions alone name nobody, whatever ports stand beside them.
  if (element.get(context.direction === 'ingress' ? 'fromRequires' : 'toRequires').count > 0) named = true;
  if (kinds.length > 1) {
    const message = `${kinds.join(' and ')} exclude each other in one rule: make ${kinds.length} rules of it`;
    findings.error(element.get(kinds[1] ?? ''), 'combine-peers', message);
  }
  return { peers, named };
}

function readCidr(field: Field, { findings }: Scope): Peer[] {
  if (field.value === '') findings.error(field, 'cidr', 'an address and a length such as 10.0.0.0/8 must stand here');
  const prefix = field.value === '' ? undefined : readPrefix(field, findings, 'either');
  return prefix === undefined ? [] : prefixPeer(field, prefix, [], findings);
}

function readFqdn(field: Field, { findings }: Scope): Peer[] {
  findings.object(field);
  const matchName = findings.text(field.get('matchName')) ?? '';
  const matchPattern = findings.text(field.get('matchPattern')) ?? '';
  const name = readName({ matchName, matchPattern });
  if (!('class' in name)) return [{ kind: 'name', name }];
  findings.error(field.get(name.field), name.class, name.message);
  return [];
}

function readNodes(field: Field, { findings }: Scope): Peer[] {
  readRequirements(field, findings, 'any');
  findings.error(field, 'node-labels', 'nodes cannot be selected by their labels here: write the entity host or remote-node');
  return [];
}

/** Groups are known to a cloud only, so an allow rule allows nothing by them. A deny rule would leave its work undone: it means all. */
function readGroups(field: Field, { findings }: Scope, { action }: PeerContext): Peer[] {
  const effect = action === 'allow' ? 'nothing is allowed by it' : 'everybody is denied by it';
  findings.warning(field, 'groups-not-enforced', `groups of a cloud are not known here, so ${effect}: write their addresses as CIDRs`);
  return action === 'allow' ? [] : [{ kind: 'any' }];
}
