import type { DrawRecord } from '../data/record.ts'
import type { TrainConfig } from './config.ts'
import { learningRateAt } from './config.ts'

/** What a training must share with a checkpoint to continue it. */
export interface RunIdentity {
  readonly config: TrainConfig
  /** The images trained on: how many, the SHA-256 of their shape and pixels, and how samples are made of them. */
  readonly images: { readonly count: number; readonly sha256: string; readonly draw?: DrawRecord }
  /** SHA-256 of the parameters that it began with, where they came from a checkpoint. */
  readonly init?: string
}

/**
 * What makes two runs different up to `step`, in words. Learning rates of later steps may differ (more steps, another
 * decay): the result is then the one that the new configuration would have given from the start.
 */
export function runDifference(saved: RunIdentity, now: RunIdentity, step: number): string | undefined {
  const rest = ({ config, ...more }: RunIdentity) => {
    const { steps, warmup, learningRate, decay, decaySteps, ...others } = config
    // States of before there was a choice learned the noise.
    return { ...more, config: { ...others, predicts: others.predicts ?? 'epsilon' } }
  }
  const found = firstDifference(rest(saved), rest(now), '')
  if (found !== undefined) return found
  for (let k = 0; k < step; k++) {
    const [before, after] = [learningRateAt(saved.config, k), learningRateAt(now.config, k)]
    if (before !== after) return `the learning rate of step ${k + 1} was ${before}, is now ${after}`
  }
  return undefined
}

/** The first place where two JSON values differ, in words. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inner = path === '' ? key : `${path}.${key}`
      const found = firstDifference(
        (a as Record<string, unknown>)[key],
        (b as Record<string, unknown>)[key],
        inner,
      )
      if (found !== undefined) return found
    }
    return undefined
  }
  return Object.is(a, b) ? undefined : `${path} was ${JSON.stringify(a)}, is now ${JSON.stringify(b)}`
}
