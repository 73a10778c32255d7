import type { Assignment, Task, TaskResult } from '@tweedie/runs'
import { measure, measurementKey, priorRecord, runTask, toTensor } from '@tweedie/runs'
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
import { demoPhotographs } from './photographs.ts'
import type { DemoPictures, DemoSet, LabelledPicture } from './plan.ts'
import { demoSets } from './plan.ts'

/** The options of `tweedie demo`, defaults filled in. */
export interface DemoOptions extends DeviceOptions {
  readonly out: string
  readonly count: number
  readonly seed: number
  readonly pictures: readonly string[]
  readonly methods?: readonly string[]
  readonly tasks: readonly string[]
  readonly noise?: number | string
  readonly prior: string
  readonly steps?: number
  readonly json?: boolean
}

/** Pictures of one kind, their prior and their tasks, whose methods all fit them. */
interface Posed {
  readonly prior: Prior
  readonly tasks: readonly Task[]
}

/** What the tasks for pictures of one kind share. */
interface Setting {
  readonly options: DemoOptions
  readonly set: DemoSet
  readonly methods: readonly Chosen<AnyMethod>[]
  readonly noise: Noise
  readonly prior: Prior
  readonly pictures: readonly LabelledPicture[]
}

/** One task of the demo, whose methods all fit it. */
async function planTask(io: Io, name: string, setting: Setting): Promise<Task> {
  const { options, set, methods, noise, prior, pictures } = setting
  const task = Object.hasOwn(set.tasks, name) ? set.tasks[name] : undefined
  if (task === undefined)
    throw new OptionError('--tasks', `no task '${name}'; there are ${Object.keys(set.tasks).join(', ')}`)
  const { operator } = await resolveOperator(io, task.operator, pictureShape(prior), '--tasks')
  const truth = toTensor(pictures.map(({ picture }) => picture))
  const key = measurementKey(options.seed).fold(name)
  const problem = {
    operator,
    noise,
    y: await settled(truth.device, () => measure(operator, noise, truth, key)),
  }
  const assign = async ({ entry: method, settings }: Chosen<AnyMethod>): Promise<Assignment> => {
    await requireFit(method, problem, prior, '--methods')
    const steps = options.steps === undefined ? {} : { steps: options.steps }
    const own = { ...set.methods[method.info.name], ...task.settings?.[method.info.name] }
    const given = { ...own, ...settings, ...steps, seed: options.seed }
    return { method, options: await resolveSettings(method, given, '--steps') }
  }
  return {
    title: task.title,
    spec: task.operator,
    noise: typeof options.noise === 'string' ? options.noise : undefined,
    problem,
    truth,
    samples: pictures.map(({ label }) => label),
    methods: await Promise.all(methods.map(assign)),
  }
}

/** @throws {OptionError} where a prior is not for the demo's pictures. */
function requireSize({ name, shape }: Prior, kind: string, { picture }: LabelledPicture): void {
  const own = [picture.channels, picture.height, picture.width]
  if (sameShape(shape, own)) return
  throw new OptionError(
    '--prior',
    `'${name}' is for [${shape.join(', ')}], the ${kind} are [${own.join(', ')}]`,
  )
}

/** @throws {OptionError} where no such pictures are there, or something does not fit them. */
async function pose(io: Io, kind: string, options: DemoOptions): Promise<Posed> {
  if (!isKind(kind))
    throw new OptionError(
      '--pictures',
      `no pictures '${kind}'; there are ${Object.keys(demoSets).join(', ')}`,
    )
  const set: DemoSet = demoSets[kind]
  const noise = await resolveNoise(options.noise ?? set.noise, '--noise')
  const named = options.methods ?? Object.keys(set.methods)
  const methods = await Promise.all(named.map((name) => resolveMethod(io, name, '--methods')))
  const prior = await resolvePrior(io, kind === 'digits' ? options.prior : set.prior)
  const pictures = kind === 'digits' ? demoDigits(options.count).map(labelled) : await demoPhotographs()
  for (const picture of pictures.slice(0, 1)) requireSize(prior, kind, picture)
  const setting = { options, set, methods, noise, prior, pictures }
  return { prior, tasks: await Promise.all(options.tasks.map((name) => planTask(io, name, setting))) }
}

const isKind = (kind: string): kind is DemoPictures => Object.hasOwn(demoSets, kind)

/** By its class. */
const labelled = ({ name, picture }: Digit): LabelledPicture => ({ label: name.slice(0, 1), picture })

/** The record of a task names its own prior and samples: there may be those of other pictures beside it. */
const told = (result: TaskResult, { samples }: Task, prior: Prior): TaskResult => ({
  ...result,
  record: { ...result.record, prior: priorRecord(prior), samples },
})

/** Runs the demo and writes its folder. */
export async function demo(io: Io, options: DemoOptions, argv: readonly string[]): Promise<void> {
  const started = new Date()
  const out = absolute(io.cwd, options.out)
  await checkFolder(out)
  const posed: Posed[] = []
  for (const kind of options.pictures) posed.push(await pose(io, kind, options))
  const [first] = posed
  if (first === undefined) throw new OptionError('--pictures', 'names none')
  const work = posed.flatMap(({ prior, tasks }) => tasks.map((task) => ({ prior, task })))
  const record = await writeFolder(out, async (draft) => {
    const results = await withProgress(io, { quiet: options.json === true }, async (onProgress) => {
      const done: TaskResult[] = []
      for (const [i, { prior, task }] of work.entries()) {
        const control = {
          signal: io.signal,
          onProgress: (part: number, label: string) => onProgress((i + part) / work.length, label),
        }
        done.push(told(await runTask(task, prior, control), task, prior))
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
      prior: first.prior,
      started,
      samples: first.tasks[0]?.samples ?? [],
      notes: [],
      results,
    })
  })
  io.out(
    options.json === true ? `${JSON.stringify(record, null, 2)}\n` : printSummary(record, options.out, io),
  )
}
