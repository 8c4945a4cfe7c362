// The datapath as a process of its own keeps the contract, as another process sees it. Its ports have no devices here, so this needs no
// privilege.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { smallSizes } from '../../support/small-sizes.ts';
import { conformance } from '../conformance.ts';

t.setTimeout(120_000);
const folder = mkdtempSync('/dev/shm/axoneme-test-');
const entries = Object.entries(smallSizes).map(([name, count]) => `${name}=${count}`);
const words = ['orchestrator/main.ts', 'datapath-child', '--run-dir', folder, '--map-entries', entries.join(',')];
const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
child.stderr.setEncoding('utf8').on('data', (text: string) => t.comment(text.trim()));
t.teardown(async () => {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

await conformance(t, { open: () => openSharedDatapath({ folder: join(folder, 'datapath'), waitMs: 60_000 }), addPort: async () => {} });
