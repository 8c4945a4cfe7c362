// CRDs: what an API server asks of a structural schema.

import t from 'tap';
import { crds } from '../../../orchestrator/model/schema/crds.ts';
import type { StructuralSchema } from '../../../orchestrator/model/schema/structural.ts';

const keywords = new Set(
  'type description properties additionalProperties items required oneOf anyOf enum pattern format default minLength maxLength minItems maxItems minimum maximum'
    .split(' ')
    .concat(['int-or-string', 'preserve-unknown-fields', 'list-type', 'list-map-keys', 'map-type'].map((name) => `x-kubernetes-${name}`)),
);

/** Every way in which a schema is not structural. */
function* objections(schema: StructuralSchema, path: string): Generator<string> {
  for (const keyword of Object.keys(schema)) if (!keywords.has(keyword)) yield `${path}: unknown keyword ${keyword}`;
  const untyped = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.type === undefined && !untyped) yield `${path}: no type`;
  if (schema.type === 'array' && schema.items === undefined) yield `${path}: a list without items`;
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) yield `${path}: properties and additionalProperties`;
  const names = Object.keys(schema.properties ?? {});
  for (const name of schema.required ?? []) if (!names.includes(name)) yield `${path}: ${name} is required but unknown`;
  yield* alternatives(schema, names, path);
  if (typeof schema.pattern === 'string') {
    if (/\(\?[=!<]/.test(schema.pattern)) yield `${path}: RE2 has no look-around`;
    new RegExp(schema.pattern, 'u');
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* objections(child, `${path}.${name}`);
  if (schema.additionalProperties !== undefined) yield* objections(schema.additionalProperties, `${path}.*`);
  if (schema.items !== undefined) yield* objections(schema.items, `${path}[]`);
}

/** Branches may only ask for fields that are described outside of them. */
function* alternatives(schema: StructuralSchema, names: readonly string[], path: string): Generator<string> {
  if (schema['x-kubernetes-int-or-string'] === true) return;
  for (const branch of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) {
    if (Object.keys(branch).join() !== 'required') yield `${path}: a branch says more than what is required`;
    for (const name of branch.required ?? []) if (!names.includes(name)) yield `${path}: a branch requires ${name}, which is unknown`;
  }
}

for (const { metadata, spec } of crds()) {
  t.test(`${spec.names.kind} has structural schemas`, async (t) => {
    t.equal(metadata.name, `${spec.names.plural}.${spec.group}`);
    t.equal(spec.versions.filter(({ storage }) => storage).length, 1, 'one version is stored');
    for (const { name, schema } of spec.versions) {
      const root = schema.openAPIV3Schema;
      t.same([...objections(root, name)], []);
      t.same(root.properties?.metadata, { type: 'object' }, 'metadata belongs to the API server');
      t.equal(root.type, 'object');
    }
  });
}

t.test('definitions carry the published names', async (t) => {
  t.same(
    crds().map(({ spec: { names, scope, versions } }) => [
      names.kind,
      scope,
      names.shortNames.join(),
      versions.map(({ name }) => name).join(),
    ]),
    [
      ['CiliumNetworkPolicy', 'Namespaced', 'cnp,ciliumnp', 'v2'],
      ['CiliumClusterwideNetworkPolicy', 'Cluster', 'ccnp', 'v2'],
      ['CiliumCIDRGroup', 'Cluster', 'ccg', 'v2,v2alpha1'],
    ],
  );
});

t.test('a definition says what the checks say', async (t) => {
  const [cnp] = crds();
  const rules = cnp.spec.versions[0].schema.openAPIV3Schema.properties?.spec;
  t.match(rules?.oneOf, [{ required: ['endpointSelector'] }, { required: ['nodeSelector'] }]);
  t.match(rules?.anyOf, [{ required: ['ingress'] }, { required: ['ingressDeny'] }, { required: ['egress'] }, { required: ['egressDeny'] }]);
  const port = rules?.properties?.egress.items?.properties?.toPorts.items?.properties?.ports;
  t.equal(port?.maxItems, 40);
  t.match(port?.items?.properties?.endPort, { type: 'integer', format: 'int32', minimum: 0, maximum: 65535 });
  const icmp = rules?.properties?.ingress.items?.properties?.icmps.items?.properties?.fields.items;
  t.match(icmp?.properties?.family, { type: 'string', enum: ['IPv4', 'IPv6'], default: 'IPv4' });
  t.equal(icmp?.properties?.type['x-kubernetes-int-or-string'], true);
});
