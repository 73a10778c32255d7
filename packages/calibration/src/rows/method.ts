import { drive } from '@tweedie/runs'
import type { AnyMethod, GuidedStep, Settings } from '@tweedie/solvers'
import { countCalls, formatSpec, lackOf } from '@tweedie/solvers'
import { memory, resetPeak, scope } from '@tweedie/tensor'
import { pointsOfTensor } from '../points.ts'
import type { Case, Draw, Drawn, Row } from '../types.ts'
import { countOperator } from './count-operator.ts'

/** What steps of methods with particles show. */
interface Evident {
  readonly logEvidence?: readonly number[]
}

/** A method with its settings as a row of a table: one run of a batch, a sample of the posterior a row of it. */
export const methodRow = (method: AnyMethod, settings: Settings = {}): Row => ({
  name: method.info.name,
  kind: 'method',
  words: formatSpec(method.info.name, settings),
  lacks: ({ problem, prior }) => lackOf(method.info, problem, prior)?.why,
  draw: (posed, draw) => drawBy(method, settings, posed, draw),
})

async function drawBy(
  method: AnyMethod,
  settings: Settings,
  posed: Case,
  { samples, seed, signal, onProgress }: Draw,
): Promise<Drawn> {
  const prior = countCalls(posed.prior)
  const operator = countOperator(posed.problem.operator)
  using y = scope(() => posed.problem.y.broadcastTo([samples, ...operator.outShape]).mul(1))
  const problem = { ...posed.problem, operator, y }
  resetPeak()
  const before = memory().bytes
  const began = performance.now()
  let logEvidence: readonly number[] | undefined
  using x = await drive<GuidedStep & Evident>(method.run(problem, prior, { ...settings, seed }), {
    signal,
    onStep: (step) => {
      logEvidence = step.logEvidence
      onProgress?.((step.i + 1) / step.steps)
    },
  })
  return {
    ...(await pointsOfTensor(x)),
    ...(logEvidence && { logEvidence }),
    cost: {
      nfe: prior.calls.total,
      vjps: prior.calls.recorded,
      operatorCalls: operator.calls.total,
      peakBytes: memory().peakBytes - before,
      seconds: (performance.now() - began) / 1000,
    },
  }
}
