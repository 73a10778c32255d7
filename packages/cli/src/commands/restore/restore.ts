import type { Assignment, OpenPrior } from '@tweedie/runs'
import { refuseFinished } from '@tweedie/runs/node'
import type { Noise, Prior } from '@tweedie/solvers'
import { pictureShape } from '@tweedie/solvers'
import { classifierFor } from '../../classifier.ts'
import type { Input } from '../../files/inputs.ts'
import { readInput } from '../../files/inputs.ts'
import { absolute, checkFolder } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { ownInputs } from '../../own/index.ts'
import { resolveNoise, resolveOperator } from '../../resolve.ts'
import { measureInput } from './measure.ts'
import type { Job, RestoreOptions } from './perform.ts'
import { chooseMethod, perform, picturePrior } from './perform.ts'
import { sizePrior } from './sizing.ts'

/** What the options say, whatever the picture. */
export interface Means {
  readonly assignment: Assignment
  readonly noise: Noise
  readonly open: OpenPrior
  /** Makes of the prior one of pictures of a class. */
  readonly classify?: ((prior: Prior) => Prior) | undefined
  readonly notes: readonly string[]
}

/**
 * What the options say.
 * @throws {OptionError} for one that says nothing, or does not fit.
 */
export async function meansOf(io: Io, asked: RestoreOptions): Promise<Means> {
  const { notes, ...assignment } = await chooseMethod(io, asked)
  const noise = await resolveNoise(asked.noise, '--noise')
  const classify = await classifierFor(io, asked.classifier)
  return { assignment, noise, open: await picturePrior(io, asked.prior, asked.weights), classify, notes }
}

/** Reads the file of a picture or of numbers that is to be restored. */
export const readTarget = (io: Io, image: string, { measured }: RestoreOptions): Promise<Input> =>
  readInput(io, image, measured === true ? ['y', 'measurement'] : ['x', 'truth'])

/** Bits of a sample of the PNGs that are written: those of the picture that is read, unless some are asked for. */
const depthFor = ({ content }: Input, asked: RestoreOptions): 8 | 16 =>
  asked.depth ?? (content.kind === 'picture' && content.picture.bits > 8 ? 16 : 8)

/** A picture with all that is needed to restore it. */
export async function jobOf(
  io: Io,
  input: Input,
  asked: RestoreOptions,
  argv: readonly string[],
  { assignment, noise, open, classify, notes: said }: Means,
): Promise<Job> {
  const { prior: plain, notes: sized, ...rest } = await sizePrior(io, open, input, asked)
  const prior = classify?.(plain) ?? plain
  const options = { ...rest.options, depth: depthFor(input, asked) }
  const { operator, inputs } = await resolveOperator(io, options.operator, pictureShape(prior), '--operator')
  const { notes, ...measured } = await measureInput(input, options, prior, operator, noise)
  return {
    ...{ image: input.record.file, options, argv, assignment, prior, operator, noise },
    inputs: [input.record, ...inputs, ...(await ownInputs(io, [asked.method, asked.operator, asked.prior]))],
    measured: { ...measured, notes: [...notes, ...sized, ...said] },
  }
}

/** Restores one picture, or one array of numbers, of the user's and writes its folder. */
export async function restore(
  io: Io,
  image: string,
  asked: RestoreOptions,
  argv: readonly string[],
): Promise<void> {
  const out = absolute(io.cwd, asked.out)
  await checkFolder(out)
  if (asked.resumable === true) await refuseFinished(out, asked.out)
  const means = await meansOf(io, asked)
  await perform(io, await jobOf(io, await readTarget(io, image, asked), asked, argv, means))
}
