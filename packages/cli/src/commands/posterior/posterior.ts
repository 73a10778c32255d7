import { extname } from 'node:path'
import type { BatchedDraw, Drawn, ExactPosterior, OwnProblem } from '@tweedie/calibration'
import {
  batchFor,
  drawByMethod,
  drawExactly,
  exactPosteriorOf,
  summariseSamples,
  whyNotExact,
} from '@tweedie/calibration'
import { isPicture } from '@tweedie/runs'
import { describeMachine } from '@tweedie/runs/node'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import { NonFiniteError, OptionError, sizeOf } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { encodeSamples, isOurSamples } from '../../files/samples.ts'
import { absolute, checkFile, writeOneFile } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { naming, requireFit, resolveSettings } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { version } from '../../version.ts'
import type { Drawer, DrawerOptions } from './drawer.ts'
import { drawerOf, forNumbers } from './drawer.ts'
import { printSamples } from './print.ts'
import { readProblem } from './problem-file.ts'

/** The options of `tweedie posterior`, defaults filled in. */
export interface PosteriorOptions extends DrawerOptions, DeviceOptions {
  readonly problem: string
  readonly samples: number
  readonly batch?: number
  readonly out: string
  readonly seed: number
  /** Whether to tell how far the samples are from the exact posterior; up to {@link comparedDimension} where left out. */
  readonly compare?: boolean
  readonly json?: boolean
}

/** The most numbers of a sample that are compared unasked: the cube of them is decomposed for each component. */
const comparedDimension = 256

/** The most numbers that samples are, 1 GiB. */
const mostNumbers = 2 ** 27

/** What draws here, with all that it is given. */
type Chosen = { readonly words: string; readonly notes: readonly string[] } & (
  | { readonly method: AnyMethod; readonly settings: Settings }
  | { readonly method: undefined }
)

/** The settings of a method for a problem: those of pictures where it is of pictures. */
async function chosenFor(drawer: Drawer, { prior }: OwnProblem): Promise<Chosen> {
  if (drawer.method === undefined) return { ...drawer, notes: [] }
  const { method, given, words } = drawer
  const chosen = isPicture(prior.shape)
    ? { settings: await resolveSettings(method, given, '--set'), words, notes: [] }
    : await forNumbers(drawer)
  const advice = method.info.advice(chosen.settings).map((said) => `${method.info.name}: ${said}`)
  return { method, ...chosen, notes: [...chosen.notes, ...advice] }
}

/** Why there is no posterior where none is asked for. */
const notCompared = 'the samples were not to be compared (--compare does; it may take minutes)'

/** The posterior where it is known; nothing where it is not, unless it is asked for. */
function knownPosterior(own: OwnProblem, asked: boolean, compare: boolean): ExactPosterior | string {
  if (!asked && !compare) return notCompared
  const why = whyNotExact(own.prior, own.problem)
  if (why !== undefined && !asked) return why
  try {
    return exactPosteriorOf(own.prior, own.problem)
  } catch (error) {
    if (error instanceof OptionError && !asked) return error.reason
    throw error
  }
}

/** Samples the posterior of a user's problem into a file, and tells what they are like. */
export async function posterior(io: Io, options: PosteriorOptions): Promise<void> {
  const { samples, seed, out } = options
  if (extname(out).toLowerCase() !== '.npy') throw new OptionError('--out', `'${out}' should end in .npy`)
  const path = absolute(io.cwd, out)
  await checkFile(path, isOurSamples)
  const asked = await drawerOf(io, options)
  const own = await readProblem(io, options.problem)
  const dimension = sizeOf(own.prior.shape)
  if (samples * dimension > mostNumbers)
    throw new OptionError(
      '--samples',
      `${samples} of ${dimension} numbers are more than ${mostNumbers}; at most ${Math.floor(mostNumbers / dimension)} are drawn at a time`,
    )
  if (asked.method !== undefined) await requireFit(asked.method, own.problem, own.prior, '--method')
  const { compare = dimension <= comparedDimension } = options
  const known = await naming('--method', 'exact', () =>
    knownPosterior(own, asked.method === undefined, compare),
  )
  const drawer = await chosenFor(asked, own)
  const batch = options.batch ?? batchFor(own.prior, samples, drawer.method ? drawer.settings : {})
  const drawn = await withProgress(io, { quiet: options.json === true }, (onProgress) => {
    const draw: BatchedDraw = {
      ...{ samples, seed, batch, signal: io.signal },
      onProgress: (done) => onProgress(done, drawer.words),
    }
    return drawAs(drawer, own, known, draw)
  })
  own.problem.y.dispose()
  if (!drawn.values.every(Number.isFinite))
    throw new NonFiniteError(`${drawer.words}: samples are not finite`)
  await writeOneFile(path, encodeSamples(drawn), isOurSamples)
  const exact = typeof known === 'string' ? undefined : known
  const summary = summariseSamples(drawn, own, compare ? exact : undefined, seed)
  const report = {
    ...{
      problem: options.problem,
      method: drawer.words,
      samples,
      dimension,
      seed,
      batch,
      file: out,
      summary,
    },
    evidence: exact?.posterior.logEvidence,
    unknown: typeof known === 'string' ? known : undefined,
    notes: drawer.notes,
    cost: drawn.cost,
    logEvidence: drawn.logEvidence,
  }
  io.out(
    options.json === true
      ? `${JSON.stringify({ tool: 'tweedie', ...report, machine: describeMachine(version) }, plain, 2)}\n`
      : printSamples(report, io),
  )
}

/** Typed arrays as lists. */
const plain = (_: string, value: unknown): unknown =>
  value instanceof Float64Array ? Array.from(value) : value

function drawAs(
  drawer: Chosen,
  own: OwnProblem,
  known: ExactPosterior | string,
  draw: BatchedDraw,
): Promise<Drawn> {
  if (drawer.method !== undefined) return drawByMethod(drawer.method, drawer.settings, own, draw)
  if (typeof known !== 'string') return drawExactly(known.posterior, draw)
  throw new OptionError('--method', known)
}
