// CNI: what the plugin asks, handed to the agent. The plugin prints the body of the answer as it is.

import { Problem } from '../problem.ts';
import type { Route } from '../route.ts';
import { fields, text, whole } from '../schema.ts';

export const cniRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/cni',
    sentence: 'One call of the CNI plugin.',
    body: fields({
      command: { ...text(), enum: ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC'] },
      'containerId?': text(),
      'netns?': text(),
      'ifname?': text(),
      'args?': text(),
      'path?': text(),
      config: fields({}),
    }),
    answer: {
      type: 'application/json',
      schema: fields({ code: whole('0: done; else an error code of the CNI specification.'), 'body?': {} }),
    },
    run({ view, body }) {
      const command = (body as { command?: unknown }).command;
      if (typeof command !== 'string') throw new Problem(400, `/v1/cni: command: not a text: ${JSON.stringify(command)}`);
      return view.cni(body).then((answer) => ({ json: answer }));
    },
  },
];
