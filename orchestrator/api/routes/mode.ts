// The mode of the node: which machine handles the packets of pods, changed because somebody asks for it.

import { Problem } from '../problem.ts';
import type { Route } from '../route.ts';
import { fields, text, truth } from '../schema.ts';

const modes = ['kernel', 'wasm'] as const;

export const modeRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/node/mode',
    sentence:
      'Switches the mode of this node, while no pod is on it. The agent ends its life after the answer and begins anew in that mode.',
    query: { mode: { type: 'string', choices: modes, required: true, sentence: 'The one to be in from then on.' } },
    answer: {
      type: 'application/json',
      schema: fields({
        node: text(),
        mode: { ...text('The one that was asked for.'), enum: modes },
        isSwitched: truth('False when the node is in it already.'),
      }),
    },
    others: { 409: 'Pods are here, or this host or the flags of the agent stand in the way.', 503: 'There is no mode to be switched.' },
    async run({ view, query }) {
      if (view.switchMode === undefined) throw new Problem(503, 'mode: this agent does not switch it');
      const mode = query.text('mode') as (typeof modes)[number];
      return { json: { node: view.about().node, mode, isSwitched: await view.switchMode(mode) } };
    },
  },
];
