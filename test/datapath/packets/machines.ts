// Both machines for cases: WebAssembly always, the kernel where it lets us, with an interface for every port of the world.

import { openWasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { kernelSkip, openTestKernel } from '../../support/kernel.ts';
import { addInterface } from '../../support/network.ts';
import type { PortName } from './case.ts';
import { caseSizes, type Machine } from './stage.ts';

/** In the kernel, indexes of interfaces; each is one end of a veth pair. */
const ports: Readonly<Record<PortName, number>> = { client: 111, server: 112, other: 113, overlay: 120, network: 130, host: 140 };

export async function openWasmMachine(): Promise<Machine> {
  return { datapath: await openWasmDatapath({ sizes: caseSizes }), ports, takesTime: true };
}

/** A sentence instead, where kernel mode is not possible. */
export async function openKernelMachine(): Promise<Machine | string> {
  const reason = await kernelSkip();
  if (reason !== false) return reason;
  const datapath = await openTestKernel({ sizes: { ...caseSizes, events: 65536 } });
  for (const [name, index] of Object.entries(ports)) await addInterface(index, name);
  return { datapath, ports, takesTime: false };
}
