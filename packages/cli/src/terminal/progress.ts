import cliProgress from 'cli-progress'
import type { Io } from '../io.ts'

/** Shows how far a long run has come: a bar on a terminal, nothing anywhere else. */
export interface Progress {
  /** @param done - How much is done, 0 … 1. */
  at(done: number, label: string): void
  stop(): void
}

const silent: Progress = { at: () => undefined, stop: () => undefined }

/** Starts a bar on the terminal's stderr; silent where there is none, or where `--json` was asked for. */
export function startProgress(io: Io, options: { quiet?: boolean } = {}): Progress {
  if (io.terminal === undefined || options.quiet === true) return silent
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage}%  {label}  {eta_formatted} left',
      stream: io.terminal,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false, // main.ts sees to signals
      etaBuffer: 50,
    },
    cliProgress.Presets.shades_classic,
  )
  const units = 1000
  bar.start(units, 0, { label: '' })
  return {
    at: (done, label) => bar.update(Math.min(units, Math.round(done * units)), { label }),
    stop: () => bar.stop(),
  }
}

/** Does `work` with a progress of {@link startProgress}, which is gone when it ends. */
export async function withProgress<T>(
  io: Io,
  options: { quiet?: boolean },
  work: (onProgress: Progress['at']) => Promise<T>,
): Promise<T> {
  const progress = startProgress(io, options)
  try {
    return await work((done, label) => progress.at(done, label))
  } finally {
    progress.stop()
  }
}
