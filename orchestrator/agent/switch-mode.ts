// Switching the mode of a node: while no pod is here, at an operator's word. It is written down and this life ends; the next one of the
// same process takes away what its predecessor's mode has made on the host, and begins in the other mode.

import { Problem } from '../api/problem.ts';
import { type CniAnswer, type CniRequest, cniCode } from '../cni/request.ts';
import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import { hasPods, writeMode } from './mode.ts';

export interface ModeSwitchOptions {
  readonly config: Pick<Config, 'datapath' | 'stateDir'>;
  readonly current: Mode;
  /** Pods whose interfaces are here, `namespace/name`. */
  readonly pods: () => readonly string[];
  /** Ends this life; another one begins. */
  readonly again: () => void;
  /** Why this host does not take a mode, in a sentence; tried for real. */
  readonly refusal?: (mode: Mode) => Promise<string | undefined>;
}

const mostNamed = 5;
/** The answer is on its way before the API ends. */
const farewellMs = 100;

export class ModeSwitch {
  readonly #options: ModeSwitchOptions;
  #isClosed = false;
  readonly #adding = new Set<Promise<unknown>>();

  constructor(options: ModeSwitchOptions) {
    this.#options = options;
  }

  /** False when it is so already. Throws a Problem that says what stands in the way. */
  async to(mode: Mode): Promise<boolean> {
    const { config, current, again } = this.#options;
    if (this.#isClosed) throw new Problem(409, 'mode: it is being switched');
    if (mode === current) return false;
    if (config.datapath !== 'auto') {
      const hint = `start it with --datapath auto, or with --datapath ${mode} once no pod is here`;
      throw new Problem(409, `mode: the agent of this node was started with --datapath ${config.datapath}`, { hint });
    }
    // No pod comes between the look and the switch.
    this.#isClosed = true;
    try {
      await Promise.allSettled(this.#adding);
      await this.#refuse(mode);
      writeMode(config.stateDir, { mode, why: 'asked for by an operator', isAsked: true, leaves: current });
    } catch (error) {
      this.#isClosed = false;
      throw error;
    }
    setTimeout(again, farewellMs);
    return true;
  }

  /** A call of the CNI plugin, by `serve`; no pod is added while the mode is being switched. */
  async cni(request: CniRequest, serve: (request: CniRequest) => Promise<CniAnswer>): Promise<CniAnswer> {
    if (request.command !== 'ADD') return serve(request);
    if (this.#isClosed) return { code: cniCode.tryAgain, body: { msg: 'the mode of this node is being switched' } };
    const adding = serve(request);
    this.#adding.add(adding);
    return adding.finally(() => this.#adding.delete(adding));
  }

  async #refuse(mode: Mode): Promise<void> {
    const { config, current, pods, refusal = refusalOf } = this.#options;
    const here = pods();
    const hint = 'drain this node, and try again when they are gone: pods stay in the mode that their interfaces were made in';
    if (here.length > 0) {
      const more = here.length > mostNamed ? ` and ${here.length - mostNamed} more` : '';
      throw new Problem(409, `mode: pods of this node are in ${current} mode: ${here.slice(0, mostNamed).join(', ')}${more}`, { hint });
    }
    if (hasPods(config.stateDir)) throw new Problem(409, `mode: interfaces of pods are in ${config.stateDir}/endpoints`, { hint });
    const why = await refusal(mode);
    if (why !== undefined) throw new Problem(409, `mode: ${why}`, { hint: 'axoneme probe lists what was tried' });
  }
}

async function refusalOf(wanted: Mode): Promise<string | undefined> {
  const { probe, resolveMode } = await import('../datapath/probe.ts');
  const { mode, sentence, servesPods } = resolveMode(await probe(), wanted);
  return mode === wanted && servesPods ? undefined : sentence;
}
