// Flow stream: the parameters and the fields that flows of packets and of questions share; fields as Hubble names them.

import type { Parameter } from './route.ts';
import { fields, list, type Schema, text, whole } from './schema.ts';

const end = fields({
  'ID?': whole('Number of the endpoint, of this node only.'),
  identity: whole(),
  'namespace?': text(),
  'pod_name?': text(),
  'labels?': list(text()),
});

export const followParameter: Parameter = { type: 'boolean', sentence: 'Go on with those to come.' };
export const sinceParameter: Parameter = { type: 'integer', sentence: 'Not before: milliseconds since 1970.' };

const common = {
  time: text(),
  IP: fields({ source: text(), destination: text(), ipVersion: text() }),
  source: end,
  destination: end,
  node_name: text(),
  traffic_direction: { ...text(), enum: ['INGRESS', 'EGRESS'] },
  Summary: text(),
};

/** A flow that became one of `verdicts`, with what else is told of it. */
export function flowFields(verdicts: readonly string[], more: Readonly<Record<string, Schema>>): Schema {
  return fields({ ...common, verdict: { ...text(), enum: verdicts }, ...more });
}
