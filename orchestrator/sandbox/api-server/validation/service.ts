// What is wrong with a service.
import { isIP } from 'node:net';
import { duplicate, type FieldError, fieldForbidden, invalid, required, unsupported } from '../field-error.ts';
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Surroundings } from '../resource.ts';
import { labelErrors } from './metadata.ts';
import { nameProblem } from './names.ts';
import { nodePortErrors, policyErrors } from './service-policies.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

export function serviceErrors(object: KubeObject, old: KubeObject | undefined, around: Surroundings): FieldError[] {
  const spec = recordAt(object, 'spec');
  const type = textAt(spec, 'type');
  const errors: FieldError[] = [];
  if (!types.includes(type)) errors.push(unsupported('spec.type', type, types));
  if (type === 'ExternalName' && !spec.externalName) errors.push(required('spec.externalName'));
  const headless = spec.clusterIP === 'None';
  if (listAt(spec, 'ports').length === 0 && type !== 'ExternalName' && !headless) errors.push(required('spec.ports'));
  errors.push(...portsErrors(spec, type, around), ...addressErrors(spec, around));
  errors.push(...labelErrors(recordAt(spec, 'selector') as Record<string, string>, 'spec.selector'));
  if (!['None', 'ClientIP'].includes(textAt(spec, 'sessionAffinity'))) {
    errors.push(unsupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  }
  errors.push(...policyErrors(spec), ...nodePortErrors(spec));
  if (old !== undefined) errors.push(...changeErrors(spec, recordAt(old, 'spec')));
  return errors;
}

function portsErrors(spec: Json, type: string, { serviceNetwork }: Surroundings): FieldError[] {
  const errors: FieldError[] = [];
  const ports = listAt(spec, 'ports') as Json[];
  const names = new Set<unknown>();
  const numbers = new Set<string>();
  for (const [index, { name, port, protocol, targetPort, nodePort }] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const problem = name ? nameProblem(String(name), 'label') : undefined;
    if (!name && ports.length > 1) errors.push(required(`${at}.name`));
    else if (problem !== undefined) errors.push(invalid(`${at}.name`, name, problem));
    else if (name && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (!inRange(port)) errors.push(invalid(`${at}.port`, port ?? 0, 'must be between 1 and 65535, inclusive'));
    if (!['TCP', 'UDP', 'SCTP'].includes(String(protocol))) errors.push(unsupported(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
    if (typeof targetPort === 'number' && !inRange(targetPort))
      errors.push(invalid(`${at}.targetPort`, targetPort, 'must be between 1 and 65535, inclusive'));
    const key = `${port}/${protocol}`;
    if (numbers.has(key)) errors.push(duplicate(at, { port, protocol }));
    numbers.add(key);
    const [first, last] = serviceNetwork.nodePorts;
    if (nodePort && type === 'ClusterIP') errors.push(fieldForbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    else if (nodePort && (Number(nodePort) < first || Number(nodePort) > last)) {
      errors.push(
        invalid(`${at}.nodePort`, nodePort, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`),
      );
    }
  }
  return errors;
}

const inRange = (port: unknown) => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65535;

function addressErrors(spec: Json, { serviceNetwork }: Surroundings): FieldError[] {
  const errors: FieldError[] = [];
  const served = serviceNetwork.families;
  const free = spec.clusterIP === 'None' && Object.keys(recordAt(spec, 'selector')).length === 0;
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(String(spec.ipFamilyPolicy)))
    errors.push(unsupported('spec.ipFamilyPolicy', spec.ipFamilyPolicy, policies));
  errors.push(...agreementErrors(spec));
  for (const [index, family] of listAt(spec, 'ipFamilies').entries()) {
    if (!['IPv4', 'IPv6'].includes(String(family))) errors.push(unsupported(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6']));
    else if (!free && !served.some((one) => one.family === family)) {
      errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
    }
  }
  if (!free && spec.ipFamilyPolicy === 'RequireDualStack' && served.length < 2) {
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  for (const [index, address] of listAt(spec, 'clusterIPs').entries()) {
    if (address === 'None') continue;
    const at = `spec.clusterIPs[${index}]`;
    if (isIP(String(address)) === 0) errors.push(invalid(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
    else if (!served.some((one) => one.contains(String(address)))) {
      const ranges = served.map(({ text }) => text).join(' or ');
      errors.push(
        invalid(
          'spec.clusterIPs',
          listAt(spec, 'clusterIPs'),
          `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${ranges}`,
        ),
      );
    }
  }
  return errors;
}

/** Addresses, families and how many there may be of them have to say the same. */
function agreementErrors(spec: Json): FieldError[] {
  const errors: FieldError[] = [];
  const families = listAt(spec, 'ipFamilies') as string[];
  const addresses = listAt(spec, 'clusterIPs') as string[];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    const few = 'must be RequireDualStack or PreferDualStack when multiple';
    if (addresses.length > 1) errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, `${few} cluster IPs are specified`));
    if (families.length > 1) errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, `${few} IP families are specified`));
  }
  if (families.length === 2 && families[0] === families[1]) errors.push(duplicate('spec.ipFamilies[1]', families[1]));
  if (addresses.length > 0 && spec.clusterIP !== addresses[0])
    errors.push(invalid('spec.clusterIPs[0]', addresses, 'first value must match `clusterIP`'));
  for (const [index, address] of addresses.entries()) {
    const family = families[index];
    if (family === undefined || isIP(address) === 0 || (isIP(address) === 6) === (family === 'IPv6')) continue;
    errors.push(invalid(`spec.clusterIPs[${index}]`, address, `expected an ${family} value as indicated by \`spec.ipFamilies[${index}]\``));
  }
  return errors;
}

function changeErrors(spec: Json, old: Json): FieldError[] {
  if (old.type === 'ExternalName' || spec.type === 'ExternalName' || !old.clusterIP) return [];
  const errors: FieldError[] = [];
  if (spec.clusterIP !== old.clusterIP) errors.push(invalid('spec.clusterIPs[0]', listAt(spec, 'clusterIPs'), 'may not change once set'));
  const [was, is] = [listAt(old, 'ipFamilies')[0], listAt(spec, 'ipFamilies')[0]];
  if (was !== undefined && was !== is) errors.push(invalid('spec.ipFamilies[0]', listAt(spec, 'ipFamilies'), 'may not change once set'));
  return errors;
}
