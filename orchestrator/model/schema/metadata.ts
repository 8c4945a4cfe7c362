// Schema of metadata: what every Kubernetes object says of itself. Its nulls are as good as nothing everywhere.

import { any, builtIn, type Infer, integer, list, map, string } from './schema.ts';

const fields = {
  name: string(),
  generateName: string(),
  namespace: string(),
  labels: map(string()),
  annotations: map(string()),
  uid: string(),
  resourceVersion: string(),
  generation: integer({ format: 'int64' }),
  creationTimestamp: string(),
  deletionTimestamp: string(),
  deletionGracePeriodSeconds: integer({ format: 'int64' }),
  finalizers: list(string()),
  ownerReferences: list(any()),
  managedFields: list(any()),
  selfLink: string(),
};

export const metadata = builtIn(fields);

/** Of objects of which only a part is read here. */
export const openMetadata = builtIn(fields, { unknown: 'allowed' });

export type Metadata = Infer<typeof metadata>;
