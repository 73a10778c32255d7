/** What methods run on, as a sandbox is asked for it and answers. Whatever it answers is read by these before it is shown. */
import type { Frame as DigitsFrame, Pictures } from '../digits/engine/frames.ts'
import type { RunRequest as DigitsRequest, RunSummary as DigitsSummary } from '../digits/engine/run.ts'
import type { Frame as PlaneFrame } from '../plane/engine/frames.ts'
import type { RunRequest as PlaneRequest, RunSummary as PlaneSummary } from '../plane/engine/run.ts'
import type { Fields, RunOrder } from './messages.ts'
import { isFields, isNumber } from './messages.ts'

/** Requests R, and what comes of them: frames F, and a summary S at last. */
export interface Ground<R, F, S> {
  readonly order: (id: number, request: R) => RunOrder
  readonly isFrame: (value: unknown) => value is F
  readonly isSummary: (value: unknown) => value is S
  /** Seconds that one step may take. */
  readonly patience: number
}

const areNumbers = (value: Fields, ...names: string[]): boolean =>
  names.every((name) => isNumber(value[name]))
const isListOf = (kind: string, value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === kind)

/** A population of as many as there are particles. */
const isPopulation = (value: unknown, count: number): boolean =>
  isFields(value) &&
  value['weights'] instanceof Float32Array &&
  value['ancestors'] instanceof Int32Array &&
  value['weights'].length === count &&
  value['ancestors'].length === count &&
  typeof value['ess'] === 'number' &&
  typeof value['logEvidence'] === 'number'

const isSummary = (value: unknown): value is PlaneSummary & DigitsSummary =>
  isFields(value) &&
  areNumbers(value, 'nfe', 'vjps', 'milliseconds') &&
  (value['noiseResidual'] === undefined || isNumber(value['noiseResidual'])) &&
  isListOf('string', value['advice'])

/** Two dimensions, each step far under a second. */
export const plane: Ground<PlaneRequest, PlaneFrame, PlaneSummary> = {
  order: (id, request) => ({ kind: 'run', id, on: 'plane', request }),
  isFrame: (value): value is PlaneFrame =>
    isFields(value) &&
    areNumbers(value, 'index', 'steps', 't', 'alpha', 'sigma') &&
    value['x'] instanceof Float32Array &&
    value['x'].length % 2 === 0 &&
    (value['population'] === undefined || isPopulation(value['population'], value['x'].length / 2)),
  isSummary,
  patience: 5,
}

/** Pictures whose numbers are as many as their shape says. */
const isPictures = (value: unknown): value is Pictures =>
  isFields(value) &&
  Array.isArray(value['shape']) &&
  value['shape'].length === 4 &&
  value['shape'].every((size) => Number.isInteger(size) && size > 0) &&
  value['data'] instanceof Float32Array &&
  value['data'].length === value['shape'].reduce((product: number, size: number) => product * size, 1)

/** A network, of which some methods make hundreds of gradients for a step. */
export const digits: Ground<DigitsRequest, DigitsFrame, DigitsSummary> = {
  order: (id, request) => ({ kind: 'run', id, on: 'digits', request }),
  isFrame: (value): value is DigitsFrame =>
    isFields(value) &&
    areNumbers(value, 'index', 'steps', 't') &&
    [value['x'], value['x0hat'], value['predicted']].every(isPictures) &&
    (value['guidance'] === undefined || isPictures(value['guidance'])) &&
    [value['residual'], value['psnr']].every((list) => isListOf('number', list)),
  isSummary,
  patience: 60,
}
