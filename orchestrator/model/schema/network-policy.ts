// Schema of NetworkPolicy (networking.k8s.io/v1): its fields and their types. What they may say is checked by the reader of policies.

import { builtInLabelSelector } from './label-selector.ts';
import { metadata } from './metadata.ts';
import { any, builtIn, type Infer, integer, integerOrString, list, string } from './schema.ts';

const ipBlock = builtIn({ cidr: string(), except: list(string()) });
const peer = builtIn({ podSelector: builtInLabelSelector, namespaceSelector: builtInLabelSelector, ipBlock });
const port = builtIn({ port: integerOrString(), endPort: integer({ format: 'int32' }), protocol: string() });
const ingressRule = builtIn({ from: list(peer), ports: list(port) }, { hints: { to: 'only egress has "to"' } });
const egressRule = builtIn({ to: list(peer), ports: list(port) }, { hints: { from: 'only ingress has "from"' } });

export const networkPolicy = builtIn(
  {
    apiVersion: string(),
    kind: string(),
    metadata,
    spec: builtIn({
      podSelector: builtInLabelSelector,
      policyTypes: list(string()),
      ingress: list(ingressRule),
      egress: list(egressRule),
    }),
    // Old API servers wrote one.
    status: any(),
  },
  { required: ['metadata', 'spec'] },
);

export type NetworkPolicy = Infer<typeof networkPolicy>;
export type NetworkPolicyPeer = Infer<typeof peer>;
export type NetworkPolicyPort = Infer<typeof port>;
