// An object that is not accepted is refused with what the loader and the verifier said.

import t from 'tap';
import { Bpf, mapType } from '../../../orchestrator/datapath/kernel/bpf.ts';
import { loadObject } from '../../../orchestrator/datapath/kernel/elf.ts';
import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';
import { kernelObject, kernelSkip } from '../../support/kernel.ts';

t.test('loading an object', { skip: await kernelSkip() }, async (t) => {
  await t.test('a file that is not there', async (t) => {
    await t.rejects(
      loadObject('/nowhere/object.o', () => undefined),
      { code: 'OBJECT_REFUSED', message: /nowhere(.|\n)*No such file/ },
    );
  });

  await t.test('programs that the verifier refuses', async (t) => {
    const libc = await openLibc();
    const tooSmall = new Bpf(libc).mapCreate({ type: mapType['percpu-array'], keySize: 4, valueSize: 8, entries: 1 });
    const fit = (name: string) => (name === 'scratch' ? { descriptor: tooSmall } : { entries: 64 });
    await t.rejects(loadObject(kernelObject, fit), { code: 'OBJECT_REFUSED', message: /invalid access to map value/ });
    libc.close(tooSmall);
  });
});
