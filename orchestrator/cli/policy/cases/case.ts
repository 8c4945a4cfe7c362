// Cases: one JSON object a line, of three kinds that are told apart by their fields: verdicts of probes, acceptance of a
// manifest, match of a name. What a line must have is checked here, so that whatever runs a case can trust it.

import type { PolicyVerdict } from '../../../model/policy/rule.ts';
import { type Protocol, protocolNumbers } from '../../../testing/message.ts';

export type Case = VerdictCase | SanitizeCase | PatternCase;

interface CaseBase {
  readonly id: string;
  readonly title: string;
  /** Why the expected behaviour may well not be wanted; a difference is then told and does not fail. */
  readonly disputed?: string;
}

/** What each side says, and both together. */
export interface Sides {
  readonly egress: PolicyVerdict;
  readonly ingress: PolicyVerdict;
  readonly verdict: PolicyVerdict;
}

export interface VerdictProbe extends Sides {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** With enforcement mode `always`, where it differs. */
  readonly always?: Sides;
  /** With selectors that mean this cluster only, where it differs. */
  readonly localCluster?: Sides;
}

export interface CaseEndpoint {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly ip: string;
  readonly namedPorts?: readonly { readonly name: string; readonly port: number; readonly protocol: Protocol }[];
}

export interface CaseExternal {
  readonly ip: string;
  readonly name?: string;
  readonly fqdns?: readonly string[];
  readonly reserved?: readonly string[];
}

export interface VerdictCase extends CaseBase {
  readonly kind: 'verdict';
  readonly policies: readonly object[];
  readonly objects: readonly object[];
  readonly endpoints: readonly CaseEndpoint[];
  readonly externals: readonly CaseExternal[];
  readonly probes: readonly VerdictProbe[];
}

/** A manifest takes effect only if agent and schema both accept it; `n/a`: the schema has no say. */
export interface SanitizeCase extends CaseBase {
  readonly kind: 'sanitize';
  readonly manifest: object;
  readonly agent: string;
  readonly schema: string;
  readonly class: string;
}

export interface PatternCase extends CaseBase {
  readonly kind: 'pattern';
  readonly field: 'matchName' | 'matchPattern';
  readonly pattern: string;
  readonly name: string;
  readonly agent: string;
  readonly schema: string;
  /** null: the pattern is refused. */
  readonly match: boolean | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** Throws a TypeError that says what the line lacks. */
export function readCase(text: string): Case {
  const value: unknown = JSON.parse(text);
  if (!isFields(value)) throw new TypeError('a case is an object');
  const id = value.id;
  if (typeof id !== 'string' || id === '') throw new TypeError('a case has an id');
  const disputed = value.disputed === undefined || value.disputed === false ? undefined : String(value.disputed);
  const base = { id, title: typeof value.title === 'string' ? value.title : '', ...(disputed !== undefined && { disputed }) };
  if ('probes' in value) return { ...base, ...readVerdict(value) };
  if ('manifest' in value) return { ...base, ...readSanitize(value) };
  if ('name' in value && ('matchName' in value || 'matchPattern' in value)) return { ...base, ...readPattern(value) };
  throw new TypeError('not a policy case: it has neither probes, nor a manifest, nor a name and matchName or matchPattern');
}

function readVerdict(value: Fields): Omit<VerdictCase, 'id' | 'title'> {
  const endpoints = objects(value, 'endpoints') as unknown as CaseEndpoint[];
  for (const endpoint of endpoints) checkEndpoint(endpoint as unknown as Fields);
  const externals = objects(value, 'externals') as unknown as CaseExternal[];
  for (const external of externals) checkExternal(external as unknown as Fields);
  const probes = objects(value, 'probes') as unknown as VerdictProbe[];
  for (const probe of probes) checkProbe(probe as unknown as Fields);
  const policies = objects(value, 'policies').filter((policy) => !isRejected(policy, value.rejected));
  return { kind: 'verdict', policies, objects: objects(value, 'objects'), endpoints, externals, probes };
}

/** Policies that the agent had refused when the case was recorded were ignored there, not closed. They are named, or there as they are. */
function isRejected(policy: object, rejected: unknown): boolean {
  if (!Array.isArray(rejected)) return false;
  const { metadata } = policy as { metadata?: { name?: unknown; namespace?: unknown } };
  const names = [metadata?.name, `${metadata?.namespace}/${metadata?.name}`];
  return rejected.some((one) => {
    const { name, namespace } = isFields(one) ? (isFields(one.metadata) ? one.metadata : one) : { name: one, namespace: undefined };
    return names.includes(namespace === undefined ? name : `${namespace}/${name}`);
  });
}

function checkEndpoint(endpoint: Fields): void {
  texts(endpoint, 'endpoints', 'namespace', 'name', 'ip');
  for (const name of ['labels', 'namespaceLabels']) {
    const labels = endpoint[name] ?? {};
    if (!isFields(labels) || Object.values(labels).some((value) => typeof value !== 'string'))
      throw new TypeError(`endpoints: ${name} are texts by name`);
  }
  for (const port of objects(endpoint, 'namedPorts') as Fields[]) {
    texts(port, 'namedPorts', 'name');
    checkPort(port, 'namedPorts');
  }
}

function checkExternal(external: Fields): void {
  texts(external, 'externals', 'ip');
  for (const name of ['fqdns', 'reserved']) {
    const list = external[name] ?? [];
    if (!Array.isArray(list) || list.some((value) => typeof value !== 'string'))
      throw new TypeError(`externals: ${name} is a list of texts`);
  }
}

function checkProbe(probe: Fields): void {
  texts(probe, 'probes', 'from', 'to', 'egress', 'ingress', 'verdict');
  checkPort(probe, 'probes');
  for (const name of ['always', 'localCluster']) {
    const sides = probe[name];
    if (sides === undefined) continue;
    if (!isFields(sides)) throw new TypeError(`probes: ${name} is no object`);
    texts(sides, `probes: ${name}`, 'egress', 'ingress', 'verdict');
  }
}

function checkPort({ port, protocol }: Fields, where: string): void {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`${where}: not a port: ${port}`);
  if (!Object.hasOwn(protocolNumbers, String(protocol).toLowerCase())) throw new TypeError(`${where}: not a protocol: ${protocol}`);
}

function readSanitize(value: Fields): Omit<SanitizeCase, 'id' | 'title'> {
  const { manifest } = value;
  if (!isFields(manifest)) throw new TypeError('manifest: not an object');
  texts(value, 'case', 'agent');
  return {
    kind: 'sanitize',
    manifest,
    agent: String(value.agent),
    schema: String(value.schema ?? 'n/a'),
    class: String(value.class ?? ''),
  };
}

function readPattern(value: Fields): Omit<PatternCase, 'id' | 'title'> {
  const field = 'matchName' in value ? 'matchName' : 'matchPattern';
  texts(value, 'case', field, 'name', 'agent');
  const { match = null } = value;
  if (match !== null && typeof match !== 'boolean') throw new TypeError('match is true, false or null');
  const { agent, schema = 'n/a' } = value as { agent: string; schema?: string };
  return { kind: 'pattern', field, pattern: String(value[field]), name: String(value.name), agent, schema, match };
}

function objects(value: Fields, name: string): object[] {
  const list = value[name] ?? [];
  if (!Array.isArray(list) || !list.every(isFields)) throw new TypeError(`${name}: not a list of objects`);
  return list;
}

function texts(value: Fields, where: string, ...names: string[]): void {
  for (const name of names) {
    if (typeof value[name] !== 'string') throw new TypeError(`${where}: ${name} is not a text`);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
