import { meanScore } from '../record/format.ts'
import type { MethodRecord, TaskRecord } from '../record/record.ts'

/** Whether a method beats the degraded picture it started from, and if not, what the numbers say of why. */
export interface Verdict {
  /** Mean PSNR minus that of the input, in dB; undefined where the truth is not known. */
  readonly gain: number | undefined
  /** A sentence, where there is something to say. */
  readonly why: string | undefined
}

export function verdict(task: TaskRecord, run: MethodRecord): Verdict {
  if (run.error !== undefined) return { gain: undefined, why: run.error }
  const [psnr, input] = [meanScore(run.scores, 'psnr'), meanScore(task.input.scores, 'psnr')]
  const gain = psnr === undefined || input === undefined ? undefined : psnr - input
  const misfit = meanScore(run.scores, 'misfit')
  if (gain === undefined || gain > 0) {
    const why =
      misfit !== undefined && misfit > 2
        ? `it leaves a residual ${misfit.toFixed(1)} times that of the noise: the measurement is not used up`
        : undefined
    return { gain, why }
  }
  return { gain, why: explainLoss(misfit, meanScore(run.scores, 'unseen')) }
}

function explainLoss(misfit: number | undefined, unseen: number | undefined): string {
  const share = unseen === undefined ? '' : `${Math.round(100 * unseen)} % of its squared error`
  if (misfit === undefined)
    return share === '' ? 'no reason is known' : `${share} lies where nothing was measured`
  if (misfit > 1.5) {
    return `its residual is ${misfit.toFixed(1)} times that of the noise: it does not fit the measurement yet (more steps, or stronger guidance)`
  }
  if (unseen !== undefined && unseen > 0.5) {
    return `${share} lies where nothing was measured: there it shows one plausible completion among many, and PSNR punishes every one but the true one more than flat grey`
  }
  if (misfit < 0.7) {
    return `its residual is ${misfit.toFixed(2)} of that of the noise: it fits the noise as well (weaker guidance, or an earlier stop)`
  }
  return 'it fits the measurement as well as the truth does, and differs where the measurement says little'
}
