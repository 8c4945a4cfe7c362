// A program that starts itself again for another command, and ends; that one writes its number where it was told to, and waits to be ended.

import { renameSync, writeFileSync } from 'node:fs';
import { startApart } from '../../orchestrator/processes/own-program.ts';

const [command = '', path = '', before = ''] = process.argv.slice(2);

if (command === 'first') startApart(['second', path, String(process.pid)]);
else {
  writeFileSync(`${path}.new`, `${before} ${process.pid}`);
  renameSync(`${path}.new`, path);
  setInterval(() => undefined, 1000);
}
