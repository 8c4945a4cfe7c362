// A machine that outlives the agents on it: a disk and a host's devices in memory, which fail or break off when they are told to. Each life
// of an agent has its own hands on it; what a dead one still holds does nothing any more.

import type { Disk } from '../../orchestrator/endpoints/disk.ts';
import type { PodDeviceSpec, PodDevices } from '../../orchestrator/endpoints/endpoints.ts';
import { deviceName } from '../../orchestrator/endpoints/names.ts';
import { AgentError } from '../../orchestrator/errors.ts';

export interface MachineFaults {
  /** Asked before each step: whether it fails. */
  readonly fails: (step: string) => boolean;
  /** ... whether the agent dies here. */
  readonly dies: (step: string) => boolean;
}

const none: MachineFaults = { fails: () => false, dies: () => false };

export class Machine {
  /** Path → text. */
  readonly files = new Map<string, string>();
  readonly devices = new Map<string, PodDeviceSpec & { port: number }>();
  readonly steps: string[] = [];
  faults: MachineFaults = none;
  #nextPort = 10;

  /** The hands of one life. */
  life(): { disk: Disk; host: PodDevices; kill: () => void; died: Promise<void> } {
    const { promise: died, resolve } = Promise.withResolvers<void>();
    let isDead = false;
    const kill = () => {
      isDead = true;
      resolve();
    };
    /** False: it was not reached any more. Throws what is to fail. */
    const reach = (step: string): boolean => {
      if (isDead) return false;
      this.steps.push(step);
      if (this.faults.dies(step)) {
        kill();
        return false;
      }
      if (this.faults.fails(step)) throw new AgentError('NETLINK_FAILED', `${step}: injected`);
      return true;
    };
    const disk: Disk = {
      list: (folder) => this.#file(reach, `list ${folder}`, () => this.#names(folder)),
      read: (path) => this.#file(reach, `read ${path}`, () => this.#read(path)),
      write: async (path, text) => {
        await this.#file(reach, `begin ${path}`, () => this.files.set(`${path}.tmp`, text.slice(0, text.length / 2)));
        await this.#file(reach, `write ${path}`, () => {
          this.files.delete(`${path}.tmp`);
          this.files.set(path, text);
        });
        await this.#file(reach, `wrote ${path}`, () => {});
      },
      remove: async (path) => {
        await this.#file(reach, `remove ${path}`, () => this.files.delete(path));
        await this.#file(reach, `removed ${path}`, () => {});
      },
      move: (from, to) =>
        this.#file(reach, `move ${from}`, () => {
          this.files.set(to, this.#read(from));
          this.files.delete(from);
        }),
    };
    const step = <Value>(name: string, work: () => Value, dead: Value): Value => {
      if (!reach(name)) return dead;
      const value = work();
      return reach(`after ${name}`) ? value : dead;
    };
    const host: PodDevices = {
      addPodDevice: (spec) => step(`add ${spec.device}`, () => this.#add(spec), 0),
      removePodDevice: (device) => step(`remove ${device}`, () => void this.devices.delete(device), undefined),
      checkPodDevice: ({ device }) => (this.devices.has(device) ? [] : [`${device}: missing`]),
      podDevices: () => [...this.devices.values()].map(({ device, port }) => ({ device, port })),
    };
    return { disk, host, kill, died };
  }

  addressesOf(containerId: string, ifname = 'eth0'): readonly string[] | undefined {
    return this.devices.get(deviceName({ containerId, ifname }))?.addresses;
  }

  #add(spec: PodDeviceSpec): number {
    const port = this.devices.get(spec.device)?.port ?? this.#nextPort++;
    this.devices.set(spec.device, { ...spec, port });
    return port;
  }

  /** After its death nothing of a life ends any more. */
  async #file<Value>(reach: (step: string) => boolean, step: string, work: () => Value): Promise<Value> {
    await Promise.resolve();
    return reach(step) ? work() : new Promise<Value>(() => {});
  }

  #names(folder: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
  }

  #read(path: string): string {
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`ENOENT: no such file: ${path}`);
    return text;
  }
}
