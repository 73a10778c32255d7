import { refuseFinished } from '@tweedie/runs/node'
import { pictureShape } from '@tweedie/solvers'
import { shippedPriors } from '@tweedie/unet/node'
import type { Input } from '../../files/inputs.ts'
import { readInput } from '../../files/inputs.ts'
import { absolute, checkFolder } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { ownInputs } from '../../own/index.ts'
import { resolveNoise, resolveOperator } from '../../resolve.ts'
import { measureInput } from './measure.ts'
import type { RestoreOptions } from './perform.ts'
import { chooseMethod, perform, picturePrior } from './perform.ts'

/** A common size of small pictures that a shipped prior of 28×28 takes too: see `loadPrior`. */
const otherSide = 32

/** The options with the prior at the picture's own size, where that is 32×32. */
function atPictureSize({ content }: Input, options: RestoreOptions): RestoreOptions {
  if (options.measured === true || !shippedPriors().includes(options.prior)) return options
  const size =
    content.kind === 'picture'
      ? [content.picture.height, content.picture.width]
      : content.array.shape.slice(-2)
  return size.length === 2 && size.every((extent) => extent === otherSide)
    ? { ...options, prior: `${options.prior}@${otherSide}` }
    : options
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
  const { notes: said, ...assignment } = await chooseMethod(io, asked)
  const noise = await resolveNoise(asked.noise, '--noise')
  const input = await readInput(io, image, asked.measured === true ? ['y', 'measurement'] : ['x', 'truth'])
  const options = atPictureSize(input, asked)
  const prior = await picturePrior(io, options.prior, options.weights)
  const { operator, inputs } = await resolveOperator(io, options.operator, pictureShape(prior), '--operator')
  const { notes, ...measured } = await measureInput(input, options, prior, operator, noise)
  const size =
    options.prior === asked.prior
      ? []
      : [`the network of '${asked.prior}', trained on another size, runs on ${otherSide}×${otherSide}`]
  await perform(io, {
    ...{ image, options, argv, assignment, prior, operator, noise },
    inputs: [input.record, ...inputs, ...(await ownInputs(io, [asked.method, asked.operator, asked.prior]))],
    measured: { ...measured, notes: [...notes, ...size, ...said] },
  })
}
