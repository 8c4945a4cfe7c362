// The OpenAPI document, made of the routes.

import type { Parameter, Route } from './route.ts';
import { fields, type Schema, text, whole } from './schema.ts';

const problem: Schema = fields({ status: whole(), message: text('subject: where: what'), 'hint?': text('What to do instead.') });

export function openApiDocument(routes: readonly Route[], version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] as object, { [route.method.toLowerCase()]: operation(route) });
  }
  const description = 'Served on two unix sockets: axoneme-read.sock answers GET, axoneme.sock answers everything.';
  return { openapi: '3.1.0', info: { title: 'Axoneme agent', version, description }, paths, components: { schemas: { Problem: problem } } };
}

function operation({ method, path, sentence, parts = {}, query = {}, body, answer, others = {} }: Route) {
  const parameters = [
    ...Object.entries(parts).map(([name, description]) => ({
      name,
      in: 'path',
      required: true,
      description,
      schema: text(),
    })),
    ...Object.entries(query).map(([name, parameter]) => queryParameter(name, parameter)),
  ];
  const refusal = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
  });
  return {
    operationId: operationId(method, path),
    summary: sentence,
    parameters,
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'As asked.', content: { [answer.type]: answer.schema ? { schema: answer.schema } : {} } },
      400: refusal('The request is not understood.'),
      ...(Object.keys(parts).length > 0 && { 404: refusal('There is no such thing.') }),
      ...(method !== 'GET' && { 403: refusal('The socket is for reading.') }),
      ...Object.fromEntries(Object.entries(others).map(([status, description]) => [status, refusal(description)])),
    },
  };
}

function queryParameter(name: string, { sentence, type, choices, least, most, repeats, required }: Parameter) {
  const one = {
    type,
    ...(choices && { enum: choices }),
    ...(type === 'integer' && { minimum: least ?? 0, ...(most !== undefined && { maximum: most }) }),
  };
  const schema = repeats ? { type: 'array', items: one } : one;
  return { name, in: 'query', required: required === true, description: sentence, schema };
}

/** `getEndpointsId` for GET /v1/endpoints/{id}. */
function operationId(method: string, path: string): string {
  const words = path.split(/[^a-z0-9]+/i).filter((word) => word !== '' && word !== 'v1');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
