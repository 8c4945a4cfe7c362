// The built-in resources. Order is that of discovery.
import type { Resource } from '../resource.ts';
import { configMaps, secrets } from './configuration.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import { endpointSlices, endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { leases } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { networkPolicies } from './network-policies.ts';
import { nodes } from './nodes.ts';
import { pods } from './pods.ts';
import { reviews } from './reviews.ts';
import { serviceAccounts } from './service-accounts.ts';
import { services } from './services.ts';

export const builtin: readonly Resource[] = [
  configMaps,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  services,
  leases,
  endpointSlices,
  networkPolicies,
  ...reviews,
  customResourceDefinitions,
];
