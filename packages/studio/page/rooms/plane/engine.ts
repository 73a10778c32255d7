import type { AnyMethod } from '@tweedie/solvers'
import { transfer } from 'comlink'
import { engineMemory } from '../../worker/facts.ts'
import type { MethodEntry } from '../../worker/methods.ts'
import { methodEntries } from '../../worker/methods.ts'
import { stoppable } from '../../worker/runs.ts'
import type { GuidanceErrors } from './engine/errors.ts'
import { errorsOf } from './engine/errors.ts'
import type { Frame } from './engine/frames.ts'
import type { FieldRequest } from './engine/guidance.ts'
import { fieldOf, forgetTimes, guidanceKind } from './engine/guidance.ts'
import { methodOf } from './engine/method.ts'
import type { Numbers, NumbersRequest } from './engine/numbers.ts'
import { forgetDraws, numbersOf } from './engine/numbers.ts'
import type { PlaneProblem } from './engine/problem.ts'
import { forgetProblem, posed } from './engine/problem.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'
import { runPlane } from './engine/run.ts'

/** Milliseconds between two messages to the page: a frame of its screen. */
const pace = 16

/** A method as the plane knows it. */
export interface PlaneMethod extends MethodEntry {
  /** Whether its guidance can be compared with the exact one, and its runs branched. */
  readonly guided: boolean
}

const standing = (method: AnyMethod) => methodOf(method.info.name).settings

/** A hundred steps of methods that take more by default. */
const begin = (method: AnyMethod): string => {
  const { name, options } = method.info
  const steps = standing(method)['steps'] ?? options['steps']?.default
  return typeof steps === 'number' && steps > 100 && !('steps' in standing(method))
    ? `${name}:steps=100`
    : name
}

/** What the plane asks of the engine. */
export const planeEngine = {
  /** All methods, with what the problem lacks for each. */
  async methods(plane: PlaneProblem): Promise<PlaneMethod[]> {
    const { prior, problem } = await posed(plane)
    return methodEntries(problem, prior, { begin, standing }).map((entry) => {
      const { method, settings } = methodOf(entry.suggested)
      return { ...entry, guided: guidanceKind(method, settings) !== undefined }
    })
  },

  /** Runs a method; frames come as the page can paint them, the last before the answer. */
  run: (
    run: number,
    request: RunRequest,
    onFrames: (frames: Frame[]) => Promise<void>,
  ): Promise<RunSummary> =>
    stoppable(run, async (signal) => {
      let [waiting, sent]: [Frame[], number] = [[], performance.now()]
      const send = async () => {
        const frames = waiting
        waiting = []
        sent = performance.now()
        await onFrames(transfer(frames, frames.flatMap(buffersOf)))
      }
      const summary = await runPlane(request, signal, (frame) => {
        waiting.push(frame)
        return performance.now() - sent < pace ? undefined : send()
      })
      await send()
      return summary
    }),

  numbers: (request: NumbersRequest): Promise<Numbers> => numbersOf(request),

  /** The method's guidance at points, as a score. */
  field: (request: FieldRequest): Promise<Float32Array | undefined> => fieldOf(request),

  /** How wrong its guidance is, along the run. */
  errors: (run: number, plane: PlaneProblem, method: string): Promise<GuidanceErrors | undefined> =>
    stoppable(run, (signal) => errorsOf(plane, method, signal)),

  /** Frees what was kept; the room calls it when it is left. */
  close(): number {
    forgetDraws()
    forgetTimes()
    forgetProblem()
    return engineMemory().tensors
  },
}

const buffersOf = ({ x, population }: Frame): ArrayBuffer[] => [
  x.buffer,
  ...(population === undefined ? [] : [population.weights.buffer, population.ancestors.buffer]),
]
