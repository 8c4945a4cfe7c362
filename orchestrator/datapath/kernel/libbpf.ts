// Libbpf: the functions of libbpf.so.1 that open and load an ELF object, and its words when the kernel refuses one. Everything
// else about BPF goes through bpf(2) directly.

import { AgentError } from '../../errors.ts';
import { loadKoffi } from './libc.ts';

/** Opaque pointers of libbpf; null for none. */
export type Pointer = unknown;

export interface Libbpf {
  readonly version: string;
  openFile(path: string): Pointer;
  load(object: Pointer): number;
  close(object: Pointer): void;
  nextMap(object: Pointer, previous: Pointer): Pointer;
  mapName(map: Pointer): string;
  mapDescriptor(map: Pointer): number;
  setMaxEntries(map: Pointer, entries: number): number;
  reuseDescriptor(map: Pointer, descriptor: number): number;
  nextProgram(object: Pointer, previous: Pointer): Pointer;
  programName(program: Pointer): string;
  /** -errno of a program that was not loaded. */
  programDescriptor(program: Pointer): number;
  setAutoload(program: Pointer, isLoaded: boolean): number;
  /** Runs `action` and returns all that libbpf had to say meanwhile, the verifier's log included. */
  listen<T>(action: () => T): { result: T; words: string };
}

/** The verifier's log of one program is cut by libbpf at 16 MB; its end is what matters, and that is kept. */
const wordsBytes = 16 << 20;

let opened: Promise<Libbpf> | undefined;

/** Libbpf of this host. Rejects with FFI_MISSING where koffi or the library is absent. */
export function openLibbpf(): Promise<Libbpf> {
  opened ??= loadKoffi().then(bindLibbpf);
  return opened;
}

function bindLibbpf(koffi: Awaited<ReturnType<typeof loadKoffi>>): Libbpf {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new AgentError('FFI_MISSING', 'libbpf.so.1: not found: kernel mode needs the package libbpf1 (libbpf on some hosts)', { cause });
  }
  const print = koffi.pointer(koffi.proto('int LibbpfPrint(int level, void *format, void *arguments)'));
  const setPrint = library.func('libbpf_set_print', 'void *', [print]);
  const format = koffi.load('libc.so.6').func('int vsnprintf(void *, size_t, void *, void *)');
  const openFile = library.func('void *bpf_object__open_file(const char *, void *)');
  const decoder = new TextDecoder();
  return {
    version: library.func('const char *libbpf_version_string()')(),
    openFile: (path) => openFile(path, null),
    load: library.func('int bpf_object__load(void *)'),
    close: library.func('void bpf_object__close(void *)'),
    nextMap: library.func('void *bpf_object__next_map(void *, void *)'),
    mapName: library.func('const char *bpf_map__name(void *)'),
    mapDescriptor: library.func('int bpf_map__fd(void *)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *, uint)'),
    reuseDescriptor: library.func('int bpf_map__reuse_fd(void *, int)'),
    nextProgram: library.func('void *bpf_object__next_program(void *, void *)'),
    programName: library.func('const char *bpf_program__name(void *)'),
    programDescriptor: library.func('int bpf_program__fd(void *)'),
    setAutoload: library.func('int bpf_program__set_autoload(void *, bool)'),
    listen(action) {
      let words = '';
      const buffer = new Uint8Array(wordsBytes);
      const listener = koffi.register((_level: number, text: unknown, values: unknown) => {
        const length = Math.min(format(buffer, buffer.length, text, values), buffer.length - 1);
        words += decoder.decode(buffer.subarray(0, Math.max(length, 0)));
        return 0;
      }, print);
      setPrint(listener);
      try {
        return { result: action(), words };
      } finally {
        setPrint(null);
        koffi.unregister(listener);
      }
    },
  };
}
