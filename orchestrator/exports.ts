// What the npm package exports: the datapath on either machine, the names of its numbers, and packets to try it with.

export { artifact } from './datapath/artifacts.ts';
export type { Capability, Choice, Mode } from './datapath/capability.ts';
export { currentTick, ticks } from './datapath/clock.ts';
export type { Datapath, DatapathEvent, DatapathMap, PacketRunner, Port, RunOptions, RunResult } from './datapath/datapath.ts';
export * as enums from './datapath/generated/enums.ts';
export type * as layouts from './datapath/generated/layouts.ts';
export * as maps from './datapath/generated/maps.ts';
export { type KernelDatapath, type KernelOptions, openKernelDatapath } from './datapath/kernel/kernel-datapath.ts';
export type { Codec, MapKind, MapSpec } from './datapath/layout.ts';
export { type Probe, probe, resolveMode } from './datapath/probe.ts';
export { openWasmDatapath, type WasmDatapath, type WasmOptions } from './datapath/wasm/wasm-datapath.ts';
export { AgentError, codes, type ErrorCode, NotSupported } from './errors.ts';
export { buildPacket, type Packet } from './net/packet.ts';
export { describePacket, type ReadPacket, readPacket } from './net/packet-reader.ts';
export { addressWords, prefixWords, swapPort, wordText } from './net/words.ts';
