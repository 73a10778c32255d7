import type { Assignment, Task, TaskResult } from '@tweedie/runs'
import { measure, measurementKey, runTask, toTensor } from '@tweedie/runs'
import type { AnyMethod, Chosen, Noise, Prior } from '@tweedie/solvers'
import { pictureShape } from '@tweedie/solvers'
import { NonFiniteError, OptionError, sameShape, settled } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { finishRun } from '../../files/run-folder.ts'
import { absolute, checkFolder, writeFolder } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import {
  requireFit,
  resolveMethod,
  resolveNoise,
  resolveOperator,
  resolvePrior,
  resolveSettings,
} from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { printSummary } from '../../terminal/summary.ts'
import type { Digit } from './digits.ts'
import { demoDigits } from './digits.ts'
import { demoMethods, demoTasks } from './plan.ts'

/** The options of `tweedie demo`, defaults filled in. */
export interface DemoOptions extends DeviceOptions {
  readonly out: string
  readonly count: number
  readonly seed: number
  readonly methods: readonly string[]
  readonly tasks: readonly string[]
  readonly noise: number | string
  readonly prior: string
  readonly steps?: number
  readonly json?: boolean
}

/** The digits' own size, which the demo's prior has to share. */
const digitShape = [1, 28, 28]

/** What the tasks of a demo share. */
interface Setting {
  readonly options: DemoOptions
  readonly methods: readonly Chosen<AnyMethod>[]
  readonly noise: Noise
  readonly prior: Prior
}

/** One task of the demo, whose methods all fit it. */
async function planTask(io: Io, name: string, digits: readonly Digit[], setting: Setting): Promise<Task> {
  const { options, methods, noise, prior } = setting
  const task = Object.hasOwn(demoTasks, name) ? demoTasks[name] : undefined
  if (task === undefined)
    throw new OptionError('--tasks', `no task '${name}'; there are ${Object.keys(demoTasks).join(', ')}`)
  const { operator } = await resolveOperator(io, task.operator, pictureShape(prior), '--tasks')
  const truth = toTensor(digits.map((digit) => digit.picture))
  const key = measurementKey(options.seed).fold(name)
  const problem = {
    operator,
    noise,
    y: await settled(truth.device, () => measure(operator, noise, truth, key)),
  }
  const assign = async ({ entry: method, settings }: Chosen<AnyMethod>): Promise<Assignment> => {
    await requireFit(method, problem, prior, '--methods')
    const steps = options.steps === undefined ? {} : { steps: options.steps }
    const own = { ...demoMethods[method.info.name], ...task.settings?.[method.info.name] }
    const given = { ...own, ...settings, ...steps, seed: options.seed }
    return { method, options: await resolveSettings(method, given, '--steps') }
  }
  return {
    title: task.title,
    spec: task.operator,
    noise: typeof options.noise === 'string' ? options.noise : undefined,
    problem,
    truth,
    samples: digits.map((digit) => digit.name.slice(0, 1)),
    methods: await Promise.all(methods.map(assign)),
  }
}

/** @throws {OptionError} where a prior is not for the demo's digits. */
function requireDigits({ name, shape }: Prior): void {
  if (sameShape(shape, digitShape)) return
  throw new OptionError(
    '--prior',
    `'${name}' is for [${shape.join(', ')}], the digits are [${digitShape.join(', ')}]`,
  )
}

/** Runs the demo and writes its folder. */
export async function demo(io: Io, options: DemoOptions, argv: readonly string[]): Promise<void> {
  const started = new Date()
  const out = absolute(io.cwd, options.out)
  await checkFolder(out)
  const methods = await Promise.all(options.methods.map((name) => resolveMethod(io, name, '--methods')))
  const noise = await resolveNoise(options.noise, '--noise')
  const prior = await resolvePrior(io, options.prior)
  requireDigits(prior)
  const digits = demoDigits(options.count)
  const setting = { options, methods, noise, prior }
  const tasks = await Promise.all(options.tasks.map((name) => planTask(io, name, digits, setting)))
  const record = await writeFolder(out, async (draft) => {
    const results = await withProgress(io, { quiet: options.json === true }, async (onProgress) => {
      const done: TaskResult[] = []
      for (const [i, task] of tasks.entries()) {
        const control = {
          signal: io.signal,
          onProgress: (part: number, label: string) => onProgress((i + part) / tasks.length, label),
        }
        done.push(await runTask(task, prior, control))
      }
      return done
    })
    const runs = results.flatMap(({ record }) => record.runs)
    const failed = runs.flatMap(({ error }) => error ?? [])
    if (failed.length === runs.length) throw new NonFiniteError(`no method finished: ${failed[0]}`)
    return finishRun(draft, {
      command: 'demo',
      argv,
      options: { ...options },
      seed: options.seed,
      prior,
      started,
      samples: tasks[0]?.samples ?? [],
      notes: [],
      results,
    })
  })
  io.out(
    options.json === true ? `${JSON.stringify(record, null, 2)}\n` : printSummary(record, options.out, io),
  )
}
