// Random scenarios from the command line: `main.ts SEED [COUNT] [--engine wasm] [--with model,kernel] [--print]`. Prints what differs, with
// the seed that makes it happen again, and the mix of answers. --print shows the scenario as a line of JSON instead.

import { parseArgs } from 'node:util';
import { openCluster } from '../../../orchestrator/testing/cluster.ts';
import type { EngineName } from '../../../orchestrator/testing/open-engines.ts';
import { Mix } from './mix.ts';
import { playScenario } from './play.ts';
import { makeScenario } from './scenario.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'wasm' },
    with: { type: 'string', default: 'model' },
    print: { type: 'boolean', default: false },
  },
});
const [first = 1, count = 1] = positionals.map(Number);

if (values.print) for (let seed = first; seed < first + count; seed++) console.log(JSON.stringify(makeScenario(seed)));
else await play();

async function play(): Promise<void> {
  const crossCheck = values.with === '' ? [] : (values.with.split(',') as EngineName[]);
  await using cluster = await openCluster({ engine: values.engine as EngineName, crossCheck, stored: true });
  const mix = new Mix();
  const started = performance.now();
  let differences = 0;
  for (let seed = first; seed < first + count; seed++) {
    for (const difference of playScenario(cluster, seed, mix)) {
      differences += 1;
      if (differences <= 20) console.log(difference);
    }
  }
  console.log(`${mix}\n  ${differences} differences, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (differences > 0) process.exitCode = 1;
}
