// Every route of the API. The OpenAPI document, the sockets and the tests are made of this list.

import type { Route } from './route.ts';
import { agentRoutes } from './routes/agent.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { cniRoutes } from './routes/cni.ts';
import { dnsRoutes } from './routes/dns.ts';
import { endpointRoutes } from './routes/endpoints.ts';
import { explainRoutes } from './routes/explain.ts';
import { flowRoutes } from './routes/flows.ts';
import { mapRoutes } from './routes/maps.ts';
import { modeRoutes } from './routes/mode.ts';
import { policyRoutes } from './routes/policy.ts';
import { resetRoutes } from './routes/service-reset.ts';
import { serviceRoutes } from './routes/services.ts';
import { tableRoutes } from './routes/tables.ts';

export const routes: readonly Route[] = [
  ...agentRoutes,
  ...endpointRoutes,
  ...policyRoutes,
  ...explainRoutes,
  ...clusterRoutes,
  ...serviceRoutes,
  ...resetRoutes,
  ...flowRoutes,
  ...dnsRoutes,
  ...mapRoutes,
  ...modeRoutes,
  ...tableRoutes,
  ...cniRoutes,
];
