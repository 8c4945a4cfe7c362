// The WebAssembly benchmarks: the shipped module called from loops in a module beside it.

import { createHash, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import asc from 'assemblyscript/asc';
import { currentTick } from '../../orchestrator/datapath/clock.ts';
import { type Scratch, scratchCodec, u32Codec } from '../../orchestrator/datapath/generated/layouts.ts';
import { maps } from '../../orchestrator/datapath/generated/maps.ts';
import type { MapSpec } from '../../orchestrator/datapath/layout.ts';
import { mapSizes } from '../../orchestrator/datapath/sizes.ts';
import { type Engine, readModule, startEngine } from '../../orchestrator/datapath/wasm/engine.ts';
import { WasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { parseAddress } from '../../orchestrator/net/address.ts';
import { swapPort } from '../../orchestrator/net/words.ts';
import { cpuTimePerOperation } from './cpu-time.ts';
import { workFolder } from './native.ts';
import { benchSizes, clientPort, type Traffic } from './traffic.ts';

/** What loops.ts exports; sums are checked by callers. */
export interface Loops {
  calls(count: number): bigint;
  verdicts(count: number, set: number, queries: number, mask: number): bigint;
  selections(count: number, scratch: number, client: number, tuples: number, mask: number, size: number): bigint;
  decisions(
    count: number,
    first: number,
    flows: number,
    packet: number,
    length: number,
    port: number,
    now: number,
    destination: number,
    destinationPort: number,
    many: number,
  ): bigint;
}

/** An array map of the benchmark's own: the place in the shared memory where its tables lie. */
const tablesSpec: MapSpec<number, number> = {
  number: 30,
  name: 'tables',
  kind: 'array',
  key: u32Codec,
  value: { size: 16, encode() {}, decode: () => 0 },
  entries: 1 << 17,
  writer: 'orchestrator',
  sentence: 'queries and tuples',
  layoutHash: '',
};

export class WasmBench {
  readonly datapath: WasmDatapath;
  readonly loops: Loops;
  private readonly engine: Engine;
  private readonly exports: Record<string, (...values: number[]) => number>;
  private readonly now = currentTick();

  private constructor(engine: Engine, datapath: WasmDatapath, loops: Loops) {
    this.engine = engine;
    this.datapath = datapath;
    this.loops = loops;
    this.exports = engine.exports as never;
  }

  /** A fresh engine with all maps empty. */
  static async open(): Promise<WasmBench> {
    const specs = [...maps, tablesSpec as unknown as MapSpec];
    const sizes = mapSizes(specs, { memory: 16 * 2 ** 30, explicit: benchSizes });
    const engine = await startEngine(await readModule(), specs, sizes, BigInt(randomInt(2 ** 40)));
    const loops = await WebAssembly.instantiate(await WebAssembly.compile(await buildLoops()), {
      env: { memory: engine.memory },
      loops: engine.exports as never,
    });
    return new WasmBench(engine, new WasmDatapath(engine, sizes), loops.exports as unknown as Loops);
  }

  /** Writes a table for loops and gives its address. */
  table(bytes: Uint8Array, at = 0): number {
    const address = (this.exports.lookupArray as (...values: number[]) => number)(tablesSpec.number, at);
    this.engine.bytes.set(bytes, address);
    return address;
  }

  /** Address of a field of the scratch. */
  scratch(field?: keyof Scratch): number {
    return (this.exports.scratchPointer as () => number)() + (field === undefined ? 0 : offsetOf(field));
  }

  writeScratch(at: number, bytes: Uint8Array): void {
    this.engine.bytes.set(bytes, at);
  }

  /** Packets of `flows` flows from flow `first` on; nanoseconds for each. Throws when one was decided otherwise than expected. */
  decide(traffic: Traffic, count: number, flows: number, first = 0): number {
    const at = this.engine.exports.inputBuffer();
    this.engine.bytes.fill(0, at, at + 12);
    this.engine.bytes.set(traffic.packet, at + 12);
    const destination = new DataView(parseAddress(traffic.destination).buffer).getUint32(0, true);
    let sum = 0n;
    const nanoseconds = cpuTimePerOperation(count, () => {
      sum = this.loops.decisions(
        count,
        first,
        flows,
        at,
        12 + traffic.packet.length,
        clientPort,
        this.now,
        destination,
        swapPort(traffic.destinationPort),
        traffic.many ? 1023 : 0xffff,
      );
    });
    const expected = BigInt(traffic.nextHop | (traffic.reason << 8)) * BigInt(count);
    if (sum !== expected)
      throw new Error(`bench: packets to ${traffic.destination} were not all decided as expected: sum ${sum}, not ${expected}`);
    return nanoseconds;
  }
}

/** Where the codec puts a field. */
function offsetOf(field: keyof Scratch): number {
  const empty = Object.fromEntries(
    Object.entries(scratchCodec.decode(new DataView(new ArrayBuffer(scratchCodec.size)), 0)),
  ) as unknown as Scratch;
  const view = new DataView(new ArrayBuffer(scratchCodec.size));
  scratchCodec.encode({ ...empty, [field]: typeof empty[field] === 'bigint' ? 1n : 1 }, view, 0);
  return new Uint8Array(view.buffer).indexOf(1);
}

/** Built once for the same text by the same compiler. */
async function buildLoops(): Promise<Uint8Array<ArrayBuffer>> {
  const source = 'test/bench/wasm/loops.ts';
  const options = ['--runtime', 'stub', '--noAssert', '-O3', '--importMemory', '--noExportMemory', '--sharedMemory', '--enable', 'threads'];
  const memory = ['--initialMemory', '1', '--maximumMemory', '65536'];
  const digest = createHash('sha256').update(JSON.stringify([asc.version, options, memory, await readFile(source, 'utf8')]));
  const output = `${workFolder}/loops-${digest.digest('hex').slice(0, 16)}.wasm`;
  if (!existsSync(output)) {
    const unfinished = `${output}.${process.pid}`;
    const { error, stderr } = await asc.main([source, '--outFile', unfinished, ...options, ...memory]);
    if (error) throw new Error(`bench: loops.ts: ${error.message}\n${stderr.toString()}`);
    await rename(unfinished, output);
  }
  return Uint8Array.from(await readFile(output));
}
