// Processes are killed in the middle of writes, and what they leave is made whole again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { makeMemoryFile, mapMemoryFile } from '../../../orchestrator/datapath/wasm/mapped-memory.ts';
import { contentsOf, createMaps, keyText, kinds, mapsOf, write, writeOf } from './recover-maps.ts';

t.setTimeout(120_000);

const pages = 700;
const [writer, own, seed] = [3, 29, 20261];
const most = { kills: 40, held: 8, ms: 60_000 };

t.test('whatever a process was writing when it was killed, the map holds what it had finished, and works', async (t) => {
  const folder = mkdtempSync('/dev/shm/axoneme-test-');
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'memory');
  makeMemoryFile(file, pages);
  const maps = mapsOf(mapMemoryFile(await openCalls(), file, pages), own);
  createMaps(maps);

  const reference = kinds.map(() => new Map<string, number>());
  const apply = (number: number) => {
    const { at, key, value } = writeOf(seed, number);
    if (value === 0) reference[at]?.delete(keyText(maps, at, key));
    else reference[at]?.set(keyText(maps, at, key), value);
  };
  const isAsSaid = (at: number, text: string, value: number) =>
    contentsOf(maps, at).entries.get(text) === (value === 0 ? undefined : value);

  let [done, held, kills] = [0, 0, 0];
  const started = Date.now();
  while (held < most.held && kills < most.kills && Date.now() - started < most.ms) {
    const script = join(import.meta.dirname, 'recover-writer.ts');
    const child = spawn(process.execPath, [script, file, ...[pages, writer, seed, done].map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await sleep(Math.random() * 40);
    child.kill('SIGKILL');
    await once(child, 'exit');
    kills += 1;
    const finished = new DataView(maps.memory.buffer).getInt32(maps.progress, true);
    for (; done < finished; done += 1) apply(done);
    const recovered = maps.exports.recoverMaps(writer);
    held += recovered;
    // The one that was under way is there or it is not; where it is, it is whole.
    const last = writeOf(seed, done);
    if (isAsSaid(last.at, keyText(maps, last.at, last.key), last.value)) apply(done++);
    for (const [at, expected] of reference.entries()) {
      const { entries, faults } = contentsOf(maps, at);
      const wrong = [...expected]
        .filter(([key, value]) => entries.get(key) !== value)
        .concat([...entries].filter(([key]) => !expected.has(key)));
      if (faults.length > 0 || wrong.length > 0) {
        t.fail(`kill ${kills}, map ${at}, ${recovered} recovered: ${[...faults, ...wrong.map(String)].slice(0, 5).join('; ')}`);
        return;
      }
    }
    t.equal(maps.exports.recoverMaps(writer), 0, 'nothing is held any more');
    for (let number = 0; number < 50; number += 1) {
      write(maps, seed, done);
      apply(done++);
    }
  }
  t.comment(`${kills} kills, ${held} in the middle of a write, ${done} writes`);
  t.ok(held > 0, 'some of them held a lock');
});
