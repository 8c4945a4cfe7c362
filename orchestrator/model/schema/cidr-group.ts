// Schema of CiliumCIDRGroup (cilium.io/v2 and v2alpha1): prefixes that policies refer to by one name or by labels.

import { metadata } from './metadata.ts';
import { type Infer, list, object, string } from './schema.ts';

const cidr = string({ format: 'cidr', class: 'cidr', description: 'An address and a prefix length.' });

export const ciliumCidrGroup = object(
  {
    apiVersion: string(),
    kind: string(),
    metadata,
    spec: object({ externalCIDRs: list(cidr, { minItems: 0 }) }, { required: ['externalCIDRs'] }),
  },
  { required: ['metadata', 'spec'], description: 'Prefixes outside of the cluster that policies refer to.' },
);

export type CiliumCidrGroup = Infer<typeof ciliumCidrGroup>;
