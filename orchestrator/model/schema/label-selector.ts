// Schemas of label selectors: as Cilium's objects carry them, where null is an error, and as Kubernetes' own do.

import { builtIn, type Infer, list, map, object, string } from './schema.ts';

/** A label's value: empty, or letters, digits and -_. between letters or digits. */
const labelValue = string({ maxLength: 63, pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/, class: 'label-selector' });

const operator = string({ enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'], class: 'label-selector' });
const values = list(string(), { merge: 'atomic', description: 'Of In and NotIn; empty for the others.' });

export const labelSelector = object(
  {
    matchLabels: map(labelValue, { description: 'Every label must be there with this value.' }),
    matchExpressions: list(object({ key: string(), operator, values }, { required: ['key', 'operator'] }), {
      merge: 'atomic',
      description: 'Every requirement must hold.',
    }),
  },
  { atomic: true },
);

export const builtInLabelSelector = builtIn({
  matchLabels: map(string()),
  // The operator is any text here: what it means is looked at by the reader of policies, which knows what is safe.
  matchExpressions: list(builtIn({ key: string(), operator: string(), values: list(string()) })),
});

export type LabelSelector = Infer<typeof labelSelector>;
export type BuiltInLabelSelector = Infer<typeof builtInLabelSelector>;
