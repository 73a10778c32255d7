import type { ImageCell, ImageTask } from '@tweedie/calibration'
import {
  digitSettings,
  formatImageResults,
  imageCellKey,
  imageTables,
  measureImages,
  parseImageCell,
  parseImageResults,
} from '@tweedie/calibration'
import { openPartsJournal } from '@tweedie/calibration/node'
import { InterruptedError, isPicture } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import { formatSpec, methods as known, pictureShape } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import {
  resolveMethod,
  resolveNoise,
  resolveOperator,
  resolvePreset,
  resolvePrior,
  resolveSettings,
} from '../../resolve.ts'
import { startProgress } from '../../terminal/progress.ts'
import { version } from '../../version.ts'
import type { DemoSet } from '../demo/plan.ts'
import { demoSets } from '../demo/plan.ts'
import { resultsReadBy } from './earlier-results.ts'
import { imageTableText } from './images-table.ts'
import type { TruthSource } from './images-truth.ts'
import { isOfPhotographs, truthsOf } from './images-truth.ts'

/** The options of `tweedie bench images`, defaults filled in. */
export interface ImagesBenchOptions extends DeviceOptions {
  readonly methods: readonly string[]
  readonly operators: readonly string[]
  readonly noise: number | string
  readonly prior: string
  readonly preset?: string
  readonly truth: TruthSource
  readonly pictures: number
  readonly seeds: number
  readonly out?: string
  readonly json?: boolean
}

interface Chosen {
  readonly method: AnyMethod
  readonly settingsFor: (operator: string) => Promise<Settings>
}

/** What a method is run with where nothing is said: on digits and photographs what suits them, by task as in the demo. */
function ownSettings(prior: string, name: string, operator: string): Settings {
  const found =
    prior === 'digits' ? demoSets.digits : isOfPhotographs(prior) ? demoSets.photographs : undefined
  if (found === undefined) return {}
  const { methods, tasks }: DemoSet = found
  const task = Object.values(tasks).find((one) => one.operator === operator)
  return {
    ...(prior === 'digits' && digitSettings[name]),
    ...methods[name],
    ...task?.settings?.[name],
  }
}

/** Methods with what is set of them: what suits the pictures, or a preset, and what their texts say. */
async function chosenMethods(io: Io, { methods, preset, prior }: ImagesBenchOptions): Promise<Chosen[]> {
  const names = methods.length === 1 && methods[0] === 'all' ? known.names : methods
  return Promise.all(
    names.map(async (text): Promise<Chosen> => {
      const { entry: method, settings } = await resolveMethod(io, text, '--methods')
      const { name } = method.info
      const set = preset === undefined ? {} : (await resolvePreset(method, preset)).settings
      const settingsFor = async (operator: string) => {
        const own = preset === undefined ? ownSettings(prior, name, operator) : {}
        const given = { ...own, ...set, ...settings }
        const filled = await resolveSettings(method, given, '--methods')
        // What was set, as it is read; the rest are defaults.
        return Object.fromEntries(Object.keys(given).map((key) => [key, filled[key]]))
      }
      await settingsFor('')
      return { method, settingsFor }
    }),
  )
}

const isResults = resultsReadBy(parseImageResults)

/** Measures methods × operators × seeds, and prints their tables. */
export async function benchImages(
  io: Io,
  options: ImagesBenchOptions,
  argv: readonly string[],
): Promise<void> {
  const { out, json, seeds, pictures } = options
  const file = out === undefined ? undefined : absolute(io.cwd, out)
  if (file !== undefined) await checkFile(file, isResults)
  const chosen = await chosenMethods(io, options)
  const noise = await resolveNoise(options.noise, '--noise')
  const prior = await resolvePrior(io, options.prior)
  if (!isPicture(pictureShape(prior)))
    throw new OptionError(
      '--prior',
      `'${prior.name}' is not for pictures but for [${prior.shape.join(', ')}]`,
    )
  const tasks = await Promise.all(
    options.operators.map(async (text): Promise<ImageTask> => {
      const { operator } = await resolveOperator(io, text, pictureShape(prior), '--operators')
      return { operator: text, noise: String(options.noise), problem: { operator, noise } }
    }),
  )
  const truths = await truthsOf(io, prior, options)
  const journal =
    file === undefined ? undefined : await openPartsJournal(`${file}.parts.jsonl`, parseImageCell)
  const kept = new Map(journal?.parts.map((cell) => [imageCellKey(cell), cell]))
  if (kept.size > 0) io.err(`going on: ${kept.size} cells are there already\n`)
  const progress = startProgress(io, { quiet: json === true })
  const cells: ImageCell[] = []
  const total = seeds * tasks.length * chosen.length
  try {
    for (let seed = 0; seed < seeds; seed++) {
      using truth = await truths.of(seed)
      for (const task of tasks)
        for (const { method, settingsFor } of chosen) {
          if (io.signal.aborted) throw new InterruptedError()
          const settings = await settingsFor(task.operator)
          const run = {
            ...{ prior, truth, seed, priorName: options.prior, signal: io.signal },
            onProgress: (done: number) =>
              progress.at(
                (cells.length + done) / total,
                `${task.operator}, seed ${seed}: ${method.info.name}`,
              ),
          }
          const there = kept.get(keyOf(method, settings, task, { ...run, pictures }))
          const cell = there ?? (await measureImages(method, settings, task, run))
          if (there === undefined) await journal?.add(cell)
          cells.push(cell)
        }
    }
  } catch (error) {
    if (error instanceof InterruptedError && file !== undefined)
      throw new InterruptedError(
        'interrupted; the cells that were finished are kept, the same command goes on',
      )
    throw error
  } finally {
    progress.stop()
  }
  const results = {
    command: ['tweedie bench', ...argv].join(' '),
    date: new Date().toISOString(),
    machine: describeMachine(version),
    truth: truths.words,
    cells,
  }
  const text = formatImageResults(results)
  if (file !== undefined) {
    await writeOneFile(file, Buffer.from(text), isResults)
    await journal?.remove()
  }
  if (json === true) return io.out(text)
  io.out(
    imageTables(cells)
      .map((table) => imageTableText(io, table, truths.words, seeds))
      .join('\n'),
  )
}

const keyOf = (
  { info }: AnyMethod,
  settings: Settings,
  { operator, noise }: ImageTask,
  {
    priorName: prior,
    seed,
    pictures,
  }: { readonly priorName: string; readonly seed: number; readonly pictures: number },
): string =>
  imageCellKey({
    prior,
    operator,
    noise,
    seed,
    pictures,
    method: info.name,
    words: formatSpec(info.name, settings),
  })
