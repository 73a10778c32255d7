import type { Picture } from '@tweedie/runs'
import { asPictures, drive, toTensor } from '@tweedie/runs'
import type { Prior } from '@tweedie/solvers'
import { pictureShape, sampleUnconditional } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { OptionError, randomIntegers, randomKey, sameShape } from '@tweedie/tensor'
import type { Io } from '../../io.ts'
import { drawDigits } from '../demo/digits.ts'
import { demoPhotographs } from '../demo/photographs.ts'

/** Where pictures come from. */
export const truthSources = ['auto', 'digits', 'photographs', 'prior'] as const
export type TruthSource = (typeof truthSources)[number]

/** The pictures of each seed. */
export interface Truths {
  /** What they are, for tables. */
  readonly words: string
  of(seed: number): Promise<Tensor>
}

/** What suits the shipped priors that are not of digits, by their names. */
const suits: Readonly<Record<string, Exclude<TruthSource, 'auto'>>> = { photos: 'photographs', xray: 'prior' }

/** What suits a prior as `--prior` names it, maybe with a size. */
const suiting = (prior: string) => {
  const [name = ''] = prior.split('@')
  return Object.hasOwn(suits, name) ? suits[name] : undefined
}

/** Whether a prior, as `--prior` names it, is the shipped one of photographs. */
export const isOfPhotographs = (prior: string): boolean => suiting(prior) === 'photographs'

/**
 * The pictures that methods are to restore. `auto` is photographs for the prior of photographs, draws of the prior for that of
 * X-rays, digits for any other that is for their size, and draws of the prior for what is left.
 * @throws {OptionError} where digits or photographs are asked for that do not have the prior's size.
 */
export async function truthsOf(
  io: Io,
  prior: Prior,
  { truth, prior: name, pictures: count }: { truth: TruthSource; prior: string; pictures: number },
): Promise<Truths> {
  const shape = pictureShape(prior)
  const source =
    truth !== 'auto' ? truth : (suiting(name) ?? (sameShape(shape, [1, 28, 28]) ? 'digits' : 'prior'))
  const wrong = (what: string) => {
    throw new OptionError('--truth', `${what}, and '${prior.name}' is for [${shape.join(', ')}]`)
  }
  if (source === 'prior')
    return {
      words: `draws of the prior ${prior.name}, 100 steps`,
      of: async (seed) => {
        const draw = sampleUnconditional(prior, { count, seed, steps: 100, eta: 1 })
        using samples = await drive(draw, { signal: io.signal })
        return asPictures(prior, samples)
      },
    }
  if (source === 'digits') {
    if (!sameShape(shape, [1, 28, 28])) wrong('digits are [1, 28, 28]')
    return {
      words: 'held-out digits',
      of: async (seed) =>
        toTensor(drawDigits(randomKey(seed).fold('digits'), count).map(({ picture }) => picture)),
    }
  }
  const [channels, height = 0, width = 0] = shape
  if (channels !== 3 || height > 256 || width > 256) wrong('photographs are [3, H, W] of 256 pixels at most')
  const photographs = (await demoPhotographs()).map(({ picture }) => picture)
  return {
    words: `squares of three held-out photographs`,
    of: async (seed) => {
      const key = randomKey(seed).fold('photographs')
      return toTensor(
        Array.from({ length: count }, (_, i) => {
          const picture = photographs[i % photographs.length]
          if (picture === undefined) throw new RangeError('there are no photographs')
          return cutOut(picture, key.fold(i), [height, width])
        }),
      )
    },
  }
}

/** A part of a picture, at a place that a key picks. */
function cutOut(
  { channels, height, width, data }: Picture,
  key: Key,
  [h, w]: readonly [number, number],
): Picture {
  const [top = 0] = randomIntegers(key.fold('top'), height - h + 1, 1)
  const [left = 0] = randomIntegers(key.fold('left'), width - w + 1, 1)
  const rows = Array.from({ length: channels * h }, (_, k) => {
    const from = (Math.floor(k / h) * height + top + (k % h)) * width + left
    return data.subarray(from, from + w)
  })
  const part = new Float32Array(channels * h * w)
  rows.forEach((row, k) => {
    part.set(row, k * w)
  })
  return { channels, height: h, width: w, data: part }
}
