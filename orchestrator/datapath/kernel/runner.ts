// Runner: an IP packet through a hook's program, and what the program decided about it, read from the workspace it left behind.

import { AgentError, NotSupported } from '../../errors.ts';
import { currentTick } from '../clock.ts';
import type { RunOptions, RunResult } from '../datapath.ts';
import { hookNames } from '../hooks.ts';
import { NEXT_HOP_DROP, NEXT_HOP_STACK } from '../generated/enums.ts';
import { factsCodec, recordCodec } from '../generated/layouts.ts';
import type { Bpf } from './bpf.ts';
import type { LoadedObject } from './elf.ts';
import { ethernetBytes, framed } from './frame.ts';
import type { Libc } from './libc.ts';
import { possibleCpus, partSize } from './per-cpu.ts';
import { runFrame } from './test-run.ts';
