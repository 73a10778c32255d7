import type { ImageCell, ImageTask } from '@tweedie/calibration'
import {
  formatImageResults,
  imageCellKey,
  imageTables,
  measureImages,
  parseImageCell,
  parseImageResults,
} from '@tweedie/calibration'
import { openPartsJournal } from '@tweedie/calibration/node'
import { asPictures, drive, InterruptedError, isPicture, toTensor } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import type { AnyMethod, Prior, Settings } from '@tweedie/solvers'
import { formatSpec, methods as known, pictureShape, sampleUnconditional } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, randomKey, sameShape } from '@tweedie/tensor'
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
import { drawDigits } from '../demo/digits.ts'
import { demoMethods, demoTasks } from '../demo/plan.ts'
import { resultsReadBy } from './earlier-results.ts'
import { imageTableText } from './images-table.ts'

/** The options of `tweedie bench images`, defaults filled in. */
export interface ImagesBenchOptions extends DeviceOptions {
  readonly methods: readonly string[]
  readonly operators: readonly string[]
  readonly noise: number | string
  readonly prior: string
  readonly preset?: string
  readonly truth: 'auto' | 'digits' | 'prior'
  readonly pictures: number
  readonly seeds: number
  readonly out?: string
  readonly json?: boolean
}

const digitShape = [1, 28, 28]

/** Where the pictures of a seed come from. */
interface Truths {
  readonly words: string
  of(seed: number): Promise<Tensor>
}

/** @throws {OptionError} where digits are asked for and are not of the prior's size. */
function truthsOf(io: Io, prior: Prior, { truth, pictures: count }: ImagesBenchOptions): Truths {
  const shape = pictureShape(prior)
  const fits = sameShape(shape, digitShape)
  if (truth === 'digits' && !fits)
    throw new OptionError(
      '--truth',
      `digits are [1, 28, 28], and '${prior.name}' is for [${shape.join(', ')}]`,
    )
  if (truth !== 'prior' && fits)
    return {
      words: 'held-out digits',
      of: async (seed) =>
        toTensor(drawDigits(randomKey(seed).fold('digits'), count).map(({ picture }) => picture)),
    }
  return {
    words: `draws of the prior ${prior.name}, 100 steps`,
    of: async (seed) => {
      const draw = sampleUnconditional(prior, { count, seed, steps: 100, eta: 1 })
      using samples = await drive(draw, { signal: io.signal })
      return asPictures(prior, samples)
    },
  }
}

interface Chosen {
  readonly method: AnyMethod
  readonly settingsFor: (operator: string) => Promise<Settings>
}

/** Methods with what is set of them: on the digits those of the demo, a preset, and what their texts say. */
async function chosenMethods(io: Io, { methods, preset, prior }: ImagesBenchOptions): Promise<Chosen[]> {
  const names = methods.length === 1 && methods[0] === 'all' ? known.names : methods
  return Promise.all(
    names.map(async (text): Promise<Chosen> => {
      const { entry: method, settings } = await resolveMethod(io, text, '--methods')
      const { name } = method.info
      const set = preset === undefined ? {} : (await resolvePreset(method, preset)).settings
      const settingsFor = async (operator: string) => {
        const task = Object.values(demoTasks).find((one) => one.operator === operator)
        const own =
          prior === 'digits' && preset === undefined
            ? { ...demoMethods[name], ...task?.settings?.[name] }
            : {}
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
  const truths = truthsOf(io, prior, options)
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
