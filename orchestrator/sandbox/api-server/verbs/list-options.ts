// Options of lists and watches: numbers, revisions, and which of them exclude each other.
import { type FieldError, fieldForbidden, invalidObject, unsupported } from '../field-error.ts';
import type { Call } from '../http/call.ts';
import type { KubeObject } from '../object.ts';
import { parseFieldSelector } from '../selector/field-selector.ts';
import { type LabelSelector, parseLabelSelector } from '../selector/label-selector.ts';
import { badRequest } from '../status-error.ts';

export interface ListOptions {
  /** 0 for all. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined when none was given; 0n means "any". */
  readonly revision: bigint | undefined;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly timeoutSeconds: number | undefined;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Undefined when everything is asked for. */
  readonly selects: ((object: KubeObject) => boolean) | undefined;
}

/** Undefined when the query asks for everything. */
export function selection({ query, resource, name }: Call): ListOptions['selects'] {
  const byLabels = parseLabelSelector(query.get('labelSelector'));
  const byFields = parseFieldSelector(query.get('fieldSelector'), resource);
  if (byLabels === undefined && byFields === undefined && name === undefined) return undefined;
  const holds = (labels: LabelSelector, object: KubeObject) => labels(object.metadata.labels ?? {});
  return (object) =>
    (name === undefined || object.metadata.name === name) &&
    (byLabels === undefined || holds(byLabels, object)) &&
    (byFields === undefined || byFields.matches(object));
}

export function listOptions(call: Call, watching: boolean): ListOptions {
  const { query } = call;
  const revisionText = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const continueToken = query.get('continue') ?? '';
  const sendInitialEvents = query.has('sendInitialEvents') ? flag(query, 'sendInitialEvents') : undefined;
  const errors = watching
    ? watchErrors(match, sendInitialEvents, query)
    : listErrors(match, revisionText, continueToken, sendInitialEvents);
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', plural: '', kind: 'ListOptions' }, '', errors);
  return {
    limit: integer(query, 'limit') ?? 0,
    continueToken,
    revision: revision(revisionText),
    match: match as ListOptions['match'],
    timeoutSeconds: integer(query, 'timeoutSeconds'),
    bookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents,
    selects: selection(call),
  };
}

function watchErrors(match: string, sendInitialEvents: boolean | undefined, query: URLSearchParams): FieldError[] {
  if (sendInitialEvents === undefined) {
    return match === ''
      ? []
      : [fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')];
  }
  if (match === '')
    return [fieldForbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')];
  if (match !== 'NotOlderThan') return [unsupported('resourceVersionMatch', match, ['NotOlderThan'])];
  if (sendInitialEvents && !flag(query, 'allowWatchBookmarks')) {
    return [fieldForbidden('sendInitialEvents', 'sendInitialEvents requires setting allowWatchBookmarks to true')];
  }
  return [];
}

function listErrors(match: string, revisionText: string, continueToken: string, sendInitialEvents: boolean | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '') {
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(unsupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (continueToken !== '')
      errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (revisionText === '') {
      errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (match === 'Exact' && revisionText === '0') {
      errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

export function revision(text: string): bigint | undefined {
  if (text === '') return undefined;
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** As Go's conversion has it: given and not "false" or "0". */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text.toLowerCase() !== 'false' && text !== '0';
}
