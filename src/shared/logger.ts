import { type Logger, pino } from 'pino'

/** JSON lines on standard output. Values whose name says that they are secret are never written. */
export function createLogger(options: { name: string; level: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: { paths: ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'], censor: '…' },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
}

export type { Logger }
