// Endpoints and endpoint slices: where a service's traffic goes. Both forms are only data here; a controller keeps the slices.
import { type FieldError, invalid, required, unsupported } from '../field-error.ts';
import { type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

export const endpoints = resource({
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  createOnUpdate: true,
  columns: [
    nameColumn,
    { name: 'Endpoints', type: 'string', description: 'The set of all endpoints is the union of all subsets.', cell: shortSubsets },
    ageColumn,
  ],
  schema: definition('Endpoints'),
});

export const endpointSlices = resource({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  createOnUpdate: true,
  countsGenerations: true,
  columns: [
    nameColumn,
    {
      name: 'AddressType',
      type: 'string',
      description: 'addressType specifies the type of address carried by this EndpointSlice.',
      cell: (object) => textAt(object, 'addressType'),
    },
    {
      name: 'Ports',
      type: 'string',
      description: 'ports specifies the list of network ports exposed by each endpoint in this slice.',
      cell: shortPorts,
    },
    { name: 'Endpoints', type: 'string', description: 'endpoints is a list of unique endpoints in this slice.', cell: shortAddresses },
    ageColumn,
  ],
  schema: definition('EndpointSlice'),
  prepare(object) {
    for (const port of listAt(object, 'ports') as Record<string, unknown>[]) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: sliceErrors,
});

function sliceErrors(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const type = textAt(object, 'addressType');
  const errors: FieldError[] = [];
  if (type === '') errors.push(required('addressType'));
  else if (!['IPv4', 'IPv6', 'FQDN'].includes(type)) errors.push(unsupported('addressType', type, ['FQDN', 'IPv4', 'IPv6']));
  if (old !== undefined && old.addressType !== object.addressType) errors.push(invalid('addressType', type, 'field is immutable'));
  for (const [index, endpoint] of listAt(object, 'endpoints').entries()) {
    if (listAt(endpoint, 'addresses').length === 0)
      errors.push(required(`endpoints[${index}].addresses`, 'must contain at least 1 address'));
  }
  if (listAt(object, 'endpoints').length > 1000)
    errors.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${listAt(object, 'endpoints').length}: must have at most 1000 items`,
      field: 'endpoints',
    });
  return errors;
}

/** The first three, and how many more. */
function few(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  return items.length > 3 ? `${items.slice(0, 3).join(',')} + ${items.length - 3} more...` : items.join(',');
}

function shortSubsets(object: KubeObject): string {
  const all = listAt(object, 'subsets').flatMap((subset) => {
    const ports = listAt(subset, 'ports');
    const addresses = listAt(subset, 'addresses').map((address) => textAt(address, 'ip'));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) =>
      addresses.map((ip) => (ip.includes(':') ? `[${ip}]:${textAt(port, 'port')}` : `${ip}:${textAt(port, 'port')}`)),
    );
  });
  return few(all, '<none>');
}

function shortPorts(object: KubeObject): string {
  return few(
    listAt(object, 'ports').map((port) => textAt(port, 'port') || '*'),
    '<unset>',
  );
}

function shortAddresses(object: KubeObject): string {
  return few(
    listAt(object, 'endpoints').flatMap((endpoint) => listAt(recordAt({ endpoint }, 'endpoint'), 'addresses') as string[]),
    '<unset>',
  );
}
