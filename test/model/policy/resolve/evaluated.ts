// Evaluated: what evaluation says of one packet in a world of random policies.

import { Labels } from '../../../../orchestrator/model/labels.ts';
import { type Decision, evaluate } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import type { View } from '../../../../orchestrator/model/policy/evaluate/question.ts';
import type { Probe, World } from './naive.ts';

export function evaluated(world: World, probe: Probe): Decision {
  const endpoint = world.endpoints.get(probe.endpoint) as { identity: number; ports: readonly never[] };
  const noLabels = new Labels([{ source: 'reserved', key: 'init', value: '' }]);
  const labels = world.identities.get(endpoint.identity)?.identity.labels;
  const pods = [...world.identities.values()].map(({ identity, ports }) => ({ labels: identity.labels, namedPorts: ports }));
  const view: View = { policies: labels === undefined ? [] : [...world.policies.values()], pods, enforcement: world.mode };
  const peer = world.identities.get(probe.peer)?.identity ?? { number: probe.peer, labels: new Labels([]), names: [] };
  const subject = { labels: labels ?? noLabels, namedPorts: endpoint.ports };
  return evaluate(view, { ...probe, subject, peers: [peer] });
}
