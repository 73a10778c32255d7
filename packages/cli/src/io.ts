import type { Prior } from '@tweedie/solvers'

/** All that a command may touch of the world around it, so that tests can call it in-process. */
export interface Io {
  /** Folder that relative paths start from. */
  readonly cwd: string
  /** Writes to stdout: results. */
  out(text: string): void
  /** Writes to stderr: notes and errors. */
  err(text: string): void
  /** stderr, where it is a terminal that a progress bar can be drawn on. */
  readonly terminal: NodeJS.WriteStream | undefined
  /** Whether stdout shows colours. */
  readonly color: boolean
  /** How many characters fit into a line of stdout; undefined where lines have no end. */
  readonly columns?: number | undefined
  /** Raised by Ctrl-C. */
  readonly signal: AbortSignal
  /** Priors beside the shipped ones, by name (tests). */
  readonly priors?: Readonly<Record<string, () => Promise<Prior>>>
}
