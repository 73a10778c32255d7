import type { BenchCase, HostArray } from './cases/case.ts'

/** A case ready to run on an engine, its inputs in place. */
export interface Prepared {
  /** Runs once and reads everything back, in the order and layout of the case. */
  outputs(): Promise<readonly Float32Array[]>
  readonly work: Work
  /**
   * The most bytes that it has held for the case, parameters and inputs among them; asked for when the work is done. Left out
   * where the engine cannot tell.
   */
  peakBytes?(): Promise<number | undefined>
  free(): void
}

/** What is read: the time that passes, or what all threads of the process were given of the processor in it. */
export type Clock = 'wall' | 'cpu'

/** How the clock gets at an engine's work. */
export type Work =
  /** Runs once and drops the result; a promise where the engine works in the background. */
  | { readonly kind: 'called'; run(): unknown }
  /** The engine lives in another process and holds the clock itself: milliseconds per call, one for each sample. */
  | {
      readonly kind: 'self-timed'
      sample(samples: number, calls: number, clock: Clock): Promise<readonly number[]>
    }

/** Why an engine does not take part in a case. */
export interface Missing {
  readonly missing: string
}

/** A library on this machine that runs cases. */
export interface Engine {
  readonly name: string
  /** Version, mechanism, and what to know of how it is used. */
  readonly detail: string
  readonly threads: number
  prepare(benchCase: BenchCase, inputs: Readonly<Record<string, HostArray>>): Promise<Prepared | Missing>
  close(): Promise<void>
}

/** A peer as far as it can be had: the engine, or a line that says why it is absent. */
export type PeerFactory = (threads: number) => Promise<Engine | { readonly absent: string }>
