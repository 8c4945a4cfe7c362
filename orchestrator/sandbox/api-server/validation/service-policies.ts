// What is wrong with how a service wants to be balanced.
import { BlockList, isIP } from 'node:net';
import { duplicate, type FieldError, fieldForbidden, invalid, unsupported } from '../field-error.ts';
import { type Json, listAt, recordAt, textAt } from '../object.ts';

export function isExternallyAccessible(spec: Json): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && listAt(spec, 'externalIPs').length > 0);
}

export function wantsHealthCheck(spec: Json): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const mostSeconds = 86_400;

export function policyErrors(spec: Json): FieldError[] {
  return [...trafficErrors(spec), ...affinityErrors(spec), ...externalErrors(spec), ...rangeErrors(spec)];
}

function trafficErrors(spec: Json): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, trafficDistribution, healthCheckNodePort } = spec;
  if (external !== undefined && external !== '') {
    const at = 'spec.externalTrafficPolicy';
    if (!isExternallyAccessible(spec)) errors.push(invalid(at, external, 'may only be set for externally-accessible services'));
    else if (!policies.includes(String(external))) errors.push(unsupported(at, external, policies));
  }
  if (internal !== undefined && !policies.includes(String(internal)))
    errors.push(unsupported('spec.internalTrafficPolicy', internal, policies));
  if (trafficDistribution !== undefined && !distributions.includes(String(trafficDistribution))) {
    errors.push(unsupported('spec.trafficDistribution', trafficDistribution, distributions));
  }
  if (healthCheckNodePort && !wantsHealthCheck(spec)) {
    const only = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid('spec.healthCheckNodePort', healthCheckNodePort, only));
  }
  return errors;
}

function affinityErrors(spec: Json): FieldError[] {
  const at = 'spec.sessionAffinityConfig';
  if (spec.sessionAffinity !== 'ClientIP') {
    const isSet = spec.sessionAffinityConfig !== undefined && spec.sessionAffinityConfig !== null;
    return isSet ? [fieldForbidden(at, 'must not be set when session affinity is None')] : [];
  }
  const seconds = recordAt(spec, 'sessionAffinityConfig', 'clientIP').timeoutSeconds;
  const isGood = typeof seconds === 'number' && seconds > 0 && seconds <= mostSeconds;
  return isGood ? [] : [invalid(`${at}.clientIP.timeoutSeconds`, seconds ?? null, `must be greater than 0 and less than ${mostSeconds}`)];
}

const reserved = new BlockList();
reserved.addSubnet('127.0.0.0', 8, 'ipv4');
reserved.addSubnet('169.254.0.0', 16, 'ipv4');
reserved.addSubnet('224.0.0.0', 24, 'ipv4');
reserved.addAddress('0.0.0.0', 'ipv4');
reserved.addAddress('::', 'ipv6');
reserved.addAddress('::1', 'ipv6');
reserved.addSubnet('fe80::', 10, 'ipv6');
reserved.addSubnet('ff02::', 16, 'ipv6');

function externalErrors(spec: Json): FieldError[] {
  return listAt(spec, 'externalIPs').flatMap((address, index) => {
    const at = `spec.externalIPs[${index}]`;
    const text = String(address);
    const version = isIP(text);
    if (version === 0) return [invalid(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
    if (!reserved.check(text, version === 6 ? 'ipv6' : 'ipv4')) return [];
    return [invalid(at, address, 'may not be unspecified, in the loopback range, or link-local')];
  });
}

function rangeErrors(spec: Json): FieldError[] {
  const ranges = listAt(spec, 'loadBalancerSourceRanges');
  const at = 'spec.loadBalancerSourceRanges';
  if (ranges.length === 0) return [];
  if (spec.type !== 'LoadBalancer') return [fieldForbidden(at, "may only be used when `type` is 'LoadBalancer'")];
  return ranges.flatMap((range, index) => {
    const [address, length, more] = String(range).trim().split('/');
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address ?? '')] ?? -1;
    const isGood = more === undefined && /^\d{1,3}$/.test(length ?? '') && Number(length) <= most;
    return isGood ? [] : [invalid(`${at}[${index}]`, range, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  });
}

/** A port of the node twice in one service: for two protocols that is one claim. */
export function nodePortErrors(spec: Json): FieldError[] {
  const seen = new Set<string>();
  return (listAt(spec, 'ports') as Json[]).flatMap((port, index) => {
    const nodePort = textAt(port, 'nodePort');
    if (nodePort === '' || nodePort === '0') return [];
    const key = `${nodePort}/${port.protocol}`;
    const isTwice = seen.has(key);
    seen.add(key);
    return isTwice ? [duplicate(`spec.ports[${index}].nodePort`, port.nodePort)] : [];
  });
}
