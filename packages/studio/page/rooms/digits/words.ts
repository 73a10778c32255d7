import type { Frame } from './engine/frames.ts'
import type { RunSummary } from './engine/run.ts'
import { meanOf } from './moments.ts'

/** What came of a run, in a sentence. */
export function summaryOf(
  { nfe, vjps, milliseconds, noiseResidual }: RunSummary,
  last: Frame | undefined,
): string {
  const parts = [
    ...(last === undefined
      ? []
      : [`PSNR ${meanOf(last.psnr).toFixed(1)} dB`, residualOf(last, noiseResidual)]),
    `${nfe} NFE, ${vjps} gradients, ${(milliseconds / 1000).toFixed(1)} s`,
  ]
  return `${parts.join('; ')}.`
}

/** The residual, beside that of the noise where its σ is known. */
function residualOf({ residual }: Frame, noise: number | undefined): string {
  const own = `residual ${meanOf(residual).toFixed(2)}`
  return noise === undefined ? own : `${own} (the noise has ${noise.toFixed(2)})`
}
