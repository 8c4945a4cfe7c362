// Imported before a program, as with `node --import`: bpf(2) is then answered with an error, as container runtimes have it, 1 (EPERM) or what
// WITHOUT_BPF says. A filter holds for this thread and those that it starts, and for their programs.
import { loadKoffi, openLibc } from '../../orchestrator/datapath/kernel/libc.ts';

const libc = await openLibc();
const prctl = (await loadKoffi()).load('libc.so.6').func('int prctl(int, ulong, uintptr_t, ulong, ulong)');
const number = process.arch === 'x64' ? 321 : 280;
const error = Number(process.env.WITHOUT_BPF ?? 1);
// Load the number of the call; if it is not bpf's, go one on; an errno; allowed.
const filter = new Uint32Array([0x20, 0, 0x15 | (1 << 24), number, 0x06, 0x50000 | error, 0x06, 0x7fff0000]);
const program = new BigUint64Array([4n, BigInt(libc.address(filter))]);
/** PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER. */
if (prctl(38, 1, 0, 0, 0) !== 0 || prctl(22, 2, libc.address(program), 0, 0) !== 0) throw new Error('seccomp is refused');
