// The agent itself: whether it is well, what it is, what it counts, how it is configured.

import { openApiDocument } from '../openapi.ts';
import type { Route } from '../route.ts';
import { fields, list, text, whole } from '../schema.ts';
import { statusOf } from '../status.ts';

const check = fields({
  section: text(),
  name: text('A statement that holds when it is ok.'),
  state: { ...text(), enum: ['ok', 'warning', 'failed'] },
  message: text('What was found.'),
  'hint?': text('What to do.'),
});
const status = fields({
  state: { ...text('The worst of the checks.'), enum: ['ok', 'warning', 'failed'] },
  about: fields({
    version: text(),
    node: text(),
    cluster: text(),
    mode: { ...text(), enum: ['kernel', 'wasm'] },
    pid: whole(),
    startedAt: text(),
  }),
  checks: list(check),
});

export const agentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/healthz',
    sentence: 'Whether the agent works: 200, or 503 with what does not.',
    answer: { type: 'application/json', schema: fields({ state: text(), failed: list(check) }) },
    others: { 503: 'A check failed.' },
    async run({ view }) {
      const { state, checks } = await statusOf(view);
      return { status: state === 'failed' ? 503 : 200, json: { state, failed: checks.filter((one) => one.state === 'failed') } };
    },
  },
  {
    method: 'GET',
    path: '/v1/status',
    sentence: 'What the agent is, and every check of its health.',
    answer: { type: 'application/json', schema: status },
    run: async ({ view }) => ({ json: await statusOf(view) }),
  },
  {
    method: 'GET',
    path: '/v1/metrics',
    sentence: 'All that the agent and its datapath count, in the text form of Prometheus.',
    answer: { type: 'text/plain' },
    run: async ({ view }) => ({ text: await view.metrics() }),
  },
  {
    method: 'GET',
    path: '/v1/config',
    sentence: 'The configuration in force, by flag.',
    answer: { type: 'application/json', schema: fields({}) },
    run: ({ view }) => ({ json: view.config() }),
  },
  {
    method: 'GET',
    path: '/v1/openapi.json',
    sentence: 'This document.',
    answer: { type: 'application/json', schema: fields({ openapi: text(), paths: fields({}) }) },
    // The list of all routes has this one in it, so it is looked up when it is asked for.
    async run({ view }) {
      const { routes } = await import('../routes.ts');
      return { json: openApiDocument(routes, view.about().version) };
    },
  },
];
