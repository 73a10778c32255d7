import type { TrainedOn } from '../trained-on.ts'
import { noiseRange } from './preconditioning.ts'
import type { EdmConfig } from './types.ts'

/** What a denoiser is trained on: its noise levels are of its configuration. A bare network does not say it. */
export function edmTraining(
  _json: unknown,
  _file: string,
  { preconditioning, labelDim, labelDropout }: EdmConfig,
): { readonly trainedOn: TrainedOn; readonly note: string } | undefined {
  if (preconditioning === null) return undefined
  const { sigmaMin, sigmaMax } = noiseRange(preconditioning)
  const top = Number.isFinite(sigmaMax) ? sigmaMax.toPrecision(4).replace(/\.?0+$/, '') : 'any'
  const untold =
    labelDim > 0 && labelDropout === 0
      ? `; it was never trained without a class (label_dropout is 0): told none, as where no class is asked for, it is given a label of zeros`
      : ''
  return {
    trainedOn: {
      schedule: { kind: 'edm', sigmaMin, sigmaMax: Number.isFinite(sigmaMax) ? sigmaMax : null },
      predicts: 'x0',
      clip: null,
      ...(labelDim > 0 ? { noClass: true } : {}),
    },
    note: `is a denoiser of noise levels from ${sigmaMin.toPrecision(4).replace(/\.?0+$/, '')} to ${top} (preconditioning ${preconditioning.kind})${untold}`,
  }
}
