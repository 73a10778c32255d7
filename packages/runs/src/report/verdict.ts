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
  return { gain, why: explainLoss(gain, misfit, meanScore(run.scores, 'unseen')) }
}

/** What the numbers say of a restoration that is `gain` ≤ 0 dB better than its input. */
function explainLoss(gain: number, misfit: number | undefined, unseen: number | undefined): string {
  const percent = (part: number) => `${Math.round(100 * part)} % of its squared error`
  if (misfit !== undefined && misfit > 1.5) {
    const left = `its residual is ${misfit.toFixed(1)} times that of the noise`
    return gain > -3
      ? `${left}: it does not fit the measurement yet (more steps, or stronger guidance)`
      : `${left}, and it is ${(-gain).toFixed(1)} dB worse than the input: it has left the measurement (steps too long, or noise that an inverse of the operator magnifies)`
  }
  if (unseen !== undefined && unseen > 0.5) {
    return `${percent(unseen)} lies where nothing was measured: there it shows one plausible completion among many, and PSNR punishes every one but the true one more than flat grey`
  }
  if (misfit === undefined) {
    if (gain > -0.5) return 'it is as far from the truth as the input: the measured noise is still in it'
    if (unseen === undefined) return 'no reason is known'
    return `${percent(1 - unseen)} lies in what was measured; the noise has no one level that would tell whether it fits too little of that or too much`
  }
  if (misfit < 0.7) {
    const fits = `its residual is ${misfit.toFixed(2)} of that of the noise: it fits the noise as well`
    return gain > -1
      ? `${fits} (weaker guidance, or an earlier stop)`
      : `${fits}, which an inverse of the operator magnifies (weaker guidance, an earlier stop, or a cut-off of small singular values)`
  }
  return 'it fits the measurement as well as the truth does, and differs where the measurement says little'
}
