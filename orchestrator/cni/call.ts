// Call: what the runtime says, by environment and standard input, checked as the specification asks.

import { Refusal } from './refusal.ts';
import { type CniRequest, cniCode, commands, type NetworkConfig } from './request.ts';
import { checkVersion, type Version } from './version.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Command = (typeof commands)[number];

/** What is larger than a garbage collection of every container that a node can have is no configuration. */
export const mostInput = 1 << 20;

/** The environment variables that a command cannot do without. */
const needed: Readonly<Record<Command, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  STATUS: [],
  GC: ['CNI_PATH'],
  VERSION: [],
};
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const longestInterface = 15;

/** Throws Refusal. */
export function readCommand(env: Environment): Command {
  const { CNI_COMMAND: wanted = '' } = env;
  const command = commands.find((known) => known === wanted);
  if (command !== undefined) return command;
  throw badEnvironment(wanted === '' ? 'CNI_COMMAND: missing' : `CNI_COMMAND: not known: ${JSON.stringify(wanted.slice(0, 100))}`);
}

/** Throws Refusal. */
export function readConfig(input: string): NetworkConfig {
  if (input.length > mostInput) throw new Refusal(cniCode.undecodable, `configuration: longer than ${mostInput} bytes`);
  if (input.trim() === '') throw new Refusal(cniCode.undecodable, 'configuration: nothing came by standard input');
  let config: unknown;
  try {
    config = JSON.parse(input);
  } catch (error) {
    throw new Refusal(cniCode.undecodable, 'configuration: not JSON', (error as Error).message);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new Refusal(cniCode.undecodable, 'configuration: not a JSON object');
  }
  return config as NetworkConfig;
}

/** What the agent is asked, and the version that the answer must have. Throws Refusal. */
export function readCall(
  command: CniRequest['command'],
  env: Environment,
  config: NetworkConfig,
): { version: Version; request: CniRequest } {
  const version = checkVersion(config.cniVersion, command);
  const missing = needed[command].filter((name) => (env[name] ?? '') === '');
  if (missing.length > 0) throw badEnvironment(`${missing.join(', ')}: missing`, `${command} needs ${needed[command].join(', ')}`);
  const {
    CNI_CONTAINERID: containerId = '',
    CNI_NETNS: netns = '',
    CNI_IFNAME: ifname = '',
    CNI_ARGS: args = '',
    CNI_PATH: path = '',
  } = env;
  if (containerId !== '' && !namePattern.test(containerId)) throw badEnvironment(`CNI_CONTAINERID: not valid: ${quoted(containerId)}`);
  if (ifname !== '' && !isInterfaceName(ifname)) throw badEnvironment(`CNI_IFNAME: not valid: ${quoted(ifname)}`);
  if (typeof config.name !== 'string' || !namePattern.test(config.name)) {
    throw new Refusal(cniCode.badConfig, `name: ${config.name === undefined ? 'missing' : `not valid: ${quoted(config.name)}`}`);
  }
  if (typeof config.socket !== 'string' || config.socket === '') throw new Refusal(cniCode.badConfig, 'socket: missing');
  if (command === 'ADD' && config.prevResult !== undefined) {
    throw new Refusal(cniCode.badConfig, 'prevResult: given to ADD: this plugin makes the interface, and must be the first of its list');
  }
  return { version, request: { command, containerId, netns, ifname, args, path, config } };
}

/** As the kernel takes names of devices. */
function isInterfaceName(name: string): boolean {
  return name.length <= longestInterface && name !== '.' && name !== '..' && !/[\s/:]/.test(name);
}

function badEnvironment(message: string, details?: string): Refusal {
  return new Refusal(cniCode.badEnvironment, message, details);
}

function quoted(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 200);
}
