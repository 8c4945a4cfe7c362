// Log: one JSON object a line, `{time, level, room, message, ...fields}`. The message is a constant sentence; what varies is a
// field, and fields come from a closed list so that one query finds a pod or a prefix in the lines of every room.

export const levels = ['error', 'warn', 'info', 'debug'] as const;

/** error: someone must act; warn: degraded and being retried; info: a state changed; debug: one line per object. */
export type Level = (typeof levels)[number];

export const fieldNames = ['endpoint', 'identity', 'prefix', 'service', 'policy', 'node', 'cluster', 'map', 'revision', 'error'] as const;

export type Fields = Partial<Record<(typeof fieldNames)[number], unknown>>;

export type RoomLog = Record<Level, (message: string, fields?: Fields) => void>;

export interface Log {
  /** Lines above this level are not written. */
  level: Level;
  room(name: string): RoomLog;
}

export interface LogOptions {
  write: (line: string) => void;
  now: () => Date;
  level?: Level;
}

export function openLog({ write, now, level = 'info' }: LogOptions): Log {
  const log: Log = {
    level,
    room(name) {
      const at = (lineLevel: Level) => (message: string, fields?: Fields) => {
        if (levels.indexOf(lineLevel) > levels.indexOf(log.level)) return;
        const line = { time: now().toISOString(), level: lineLevel, room: name, message, ...fields };
        write(JSON.stringify(line, plain) + '\n');
      };
      return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
    },
  };
  return log;
}

/** The process's own log, on standard error: standard output belongs to what a command prints. */
export const log = openLog({ write: (line) => process.stderr.write(line), now: () => new Date() });

/** JSON has no bigint, and an Error has no enumerable fields. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return 'code' in value ? { code: value.code, message: value.message } : { message: value.message };
  return value;
}
