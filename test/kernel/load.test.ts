// The object that ships, before the running kernel's verifier.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import t from 'tap';
import { Bpf } from '../../orchestrator/datapath/kernel/bpf.ts';
import { loadObject } from '../../orchestrator/datapath/kernel/elf.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { socketProgramNames } from '../../orchestrator/datapath/kernel/sockets.ts';
import { kernelObject, kernelSkip } from '../support/kernel.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { root } from '../support/sources.ts';

const programs = ['from_pod', 'to_pod', 'from_overlay', 'from_network', 'to_network', 'to_host', ...socketProgramNames];
/** The verifier gives up at a million instructions; what is past half of that will not survive the next feature. */
const instructionBudget = 500_000;
const verifiedInstructionsAt = 216;

const skip = await kernelSkip();

t.test('every program passes the verifier well within its limit', { skip }, async (t) => {
  const bpf = new Bpf(await openLibc());
  const sizes: Readonly<Record<string, number>> = smallSizes;
  using object = await loadObject(kernelObject, (name) => (sizes[name] === undefined ? undefined : { entries: sizes[name] }));
  t.strictSame([...object.programs.keys()].sort(), [...programs].sort());
  for (const [name, descriptor] of object.programs) {
    const info = new Uint8Array(232);
    t.ok(bpf.info(descriptor, info) >= 0);
    const verified = new DataView(info.buffer).getUint32(verifiedInstructionsAt, true);
    t.ok(verified > 0 && verified < instructionBudget, `${name}: ${verified} instructions verified`);
  }
});

t.test('the object names no folder of the machine that built it', { skip }, async (t) => {
  const text = readFileSync(kernelObject, 'latin1');
  for (const folder of [root, homedir(), '/usr/include']) t.notOk(text.includes(`${folder}/`), folder);
});
