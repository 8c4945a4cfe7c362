// Port rules: elements of `toPorts` as traffic: ports with protocols, and the layer 7 that they ask for.

import type { Traffic } from '../rule.ts';
import type { Field } from './field.ts';
import { mindPort, mindProtocol, type PortRuleContext, type ReadLayer7, readLayer7 } from './layer7.ts';
import { readPort, trafficOf } from './ports.ts';

const mostPorts = 40;

/** One element of `toPorts`. Deny rules have no layer 7: their other fields are not the agent's. */
export function readPortRule(element: Field, context: PortRuleContext, action: 'allow' | 'deny'): Traffic[] {
  const { findings } = context;
  findings.object(element);
  const ports = findings.list(element.get('ports'));
  if (ports.length > mostPorts) {
    findings.error(
      element.get('ports'),
      'too-many',
      `${ports.length} ports: at most ${mostPorts} fit one element, make several or a range`,
    );
    return [];
  }
  const layer7 = action === 'allow' ? readLayer7(element, context) : none;
  const traffic = ports.flatMap((port) => {
    mindProtocol(port, layer7, findings);
    const read = readPort(port, findings);
    if (read === undefined) return [];
    mindPort(port, read.zero, 'first' in read.ports ? read.ports.first : undefined, layer7, findings);
    return trafficOf(read, layer7.layer7);
  });
  return layer7.unknown ? [] : traffic;
}

const none: ReadLayer7 = { layer7: undefined, strict: false, dns: false, unknown: false };
