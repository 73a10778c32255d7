import type { Prior } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import { NonFiniteError, OptionError, randomKey, scope } from '@tweedie/tensor'
import { buildOperator, checkFits, findMethods, methodSettings } from './catalog.ts'
import type { DemoOptions } from './commands/demo.ts'
import { demoMethods, demoTasks } from './demo-plan.ts'
import { demoDigits } from './digits.ts'
import { toTensor } from './images/picture.ts'
import type { Io } from './io.ts'
import { loadPrior } from './priors.ts'
import { startProgress } from './progress.ts'
import { printSummary } from './report/summary.ts'
import { finishRun } from './run-folder.ts'
import type { Task, TaskResult } from './run-task.ts'
import { runTask } from './run-task.ts'
import { absolute, checkFolder, writeFolder } from './write.ts'

/** The digits' own size, which the demo's prior has to share. */
const digitShape = [1, 28, 28]

function plan(options: DemoOptions, prior: Prior): Task[] {
  if (prior.shape.join() !== digitShape.join()) {
    throw new OptionError(
      '--prior',
      `'${prior.name}' is for [${prior.shape.join(', ')}], the digits are [${digitShape.join(', ')}]`,
    )
  }
  const entries = findMethods(options.methods, '--methods')
  const digits = demoDigits(options.count)
  const truth = toTensor(digits.map((digit) => digit.picture))
  const samples = digits.map((digit) => digit.name.slice(0, 1))
  const noise = gaussianNoise(options.noise)
  return options.tasks.map((name) => {
    const task = Object.hasOwn(demoTasks, name) ? demoTasks[name] : undefined
    if (task === undefined)
      throw new OptionError('--tasks', `no task '${name}'; there are ${Object.keys(demoTasks).join(', ')}`)
    const operator = buildOperator(task.operator, prior.shape, '--tasks')
    const key = randomKey(options.seed).fold('measurement').fold(name)
    const y = scope(() =>
      noise.sample(
        digits.map((_, n) => key.fold(n)),
        operator.forward(truth),
      ),
    )
    const methods = entries.map((entry) => {
      const steps = options.steps === undefined ? {} : { steps: options.steps }
      const own = { ...demoMethods[entry.info.name], ...task.settings?.[entry.info.name] }
      const given = { ...own, ...steps, seed: options.seed }
      return { entry, options: methodSettings(entry, given, '--steps') }
    })
    for (const { entry } of methods) checkFits(entry, { operator, noise, y }, prior, '--methods')
    return {
      title: task.title,
      spec: task.operator,
      operator,
      noise,
      sigma: options.noise,
      y,
      truth,
      samples,
      methods,
    }
  })
}

/** Runs the demo and writes its folder. */
export async function demo(io: Io, options: DemoOptions, argv: readonly string[]): Promise<void> {
  const started = new Date()
  const out = absolute(io.cwd, options.out)
  await checkFolder(out)
  findMethods(options.methods, '--methods')
  const prior = await loadPrior(io, options.prior)
  const tasks = plan(options, prior)
  const record = await writeFolder(out, async (draft) => {
    const progress = startProgress(io, { quiet: options.json === true })
    const results: TaskResult[] = []
    try {
      for (const [i, task] of tasks.entries()) {
        results.push(
          await runTask(io, task, prior, progress, {
            from: i / tasks.length,
            size: 1 / tasks.length,
          }),
        )
      }
    } finally {
      progress.stop()
    }
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
