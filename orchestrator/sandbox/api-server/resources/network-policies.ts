// Network policies of Kubernetes itself.
import { type FieldError, invalid, required, unsupported } from '../field-error.ts';
import { type Json, type KubeObject, listAt, recordAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { selectorErrors, selectorText } from '../selector/object-selector.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

export const networkPolicies = resource({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  countsGenerations: true,
  columns: [
    nameColumn,
    {
      name: 'Pod-Selector',
      type: 'string',
      description: 'podSelector selects the pods to which this NetworkPolicy object applies.',
      cell: (object) => selectorText(recordAt(object, 'spec', 'podSelector')),
    },
    ageColumn,
  ],
  schema: definition('NetworkPolicy'),
  prepare(object) {
    const spec = recordAt(object, 'spec');
    for (const rule of [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')]) {
      for (const port of listAt(rule, 'ports') as Json[]) port.protocol ??= 'TCP';
    }
    if (listAt(spec, 'policyTypes').length > 0) return;
    spec.policyTypes = listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: policyErrors,
});

function policyErrors(object: KubeObject): FieldError[] {
  const spec = recordAt(object, 'spec');
  const errors = selectorErrors(recordAt(spec, 'podSelector'), 'spec.podSelector');
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ]) {
    for (const [index, rule] of listAt(spec, direction).entries()) {
      const at = `spec.${direction}[${index}]`;
      for (const [place, port] of listAt(rule, 'ports').entries()) errors.push(...portErrors(port as Json, `${at}.ports[${place}]`));
      for (const [place, peer] of listAt(rule, peers).entries()) errors.push(...peerErrors(peer as Json, `${at}.${peers}[${place}]`));
    }
  }
  for (const [index, type] of listAt(spec, 'policyTypes').entries()) {
    if (type !== 'Ingress' && type !== 'Egress') errors.push(unsupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress']));
  }
  return errors;
}

function portErrors({ protocol, port, endPort }: Json, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!['TCP', 'UDP', 'SCTP'].includes(String(protocol))) errors.push(unsupported(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
  if (typeof port === 'number' && (port < 1 || port > 65535))
    errors.push(invalid(`${at}.port`, port, 'must be between 1 and 65535, inclusive'));
  if (typeof port === 'string' && !/^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(port)) {
    errors.push(invalid(`${at}.port`, port, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'));
  }
  if (typeof endPort === 'number') {
    if (port === undefined) errors.push(invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is not specified'));
    else if (typeof port === 'string') errors.push(invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is non-numeric'));
    else if (endPort < (port as number)) errors.push(invalid(`${at}.endPort`, endPort, 'must be greater than or equal to `port`'));
  }
  return errors;
}

function peerErrors(peer: Json, at: string): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) return [required(at, 'must specify a peer')];
  if (ipBlock !== undefined && (podSelector !== undefined || namespaceSelector !== undefined)) {
    return [{ reason: 'FieldValueForbidden', message: 'Forbidden: may not specify both ipBlock and another peer', field: at }];
  }
  return [
    ...selectorErrors(recordAt(peer, 'podSelector'), `${at}.podSelector`),
    ...selectorErrors(recordAt(peer, 'namespaceSelector'), `${at}.namespaceSelector`),
    ...(ipBlock !== undefined && !recordAt(peer, 'ipBlock').cidr ? [required(`${at}.ipBlock.cidr`)] : []),
  ];
}
