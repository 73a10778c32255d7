import { vjp } from '@tweedie/autograd'
import type { Prior } from '@tweedie/solvers'
import { eachChannel, greyOf, paddedPrior, tiledPrior } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { getDevice, OptionError, peakBytesOf, scope, zeros } from '@tweedie/tensor'

/** [height, width] in pixels. */
export type Size = readonly [height: number, width: number]

/** A prior of a network whose layers know no size, at sizes of one's choice. */
export interface PriorSizes {
  /** The sides of its pictures are multiples of this. */
  readonly divisor: number
  /** Whether the prior is on latents: it can be run at another size, but not in windows, and not on padded pictures. */
  readonly latent: boolean
  /** @throws {OptionError} for a side that is no multiple of `divisor`, or pictures that memory does not hold. */
  at(size: Size): Prior
}

/** A prior, and what can be made of it. */
export interface OpenPrior {
  /** At the size that its name says, or that it was trained on. */
  readonly prior: Prior
  /** Where its name says no size and its network has none. */
  readonly sizes?: PriorSizes
}

/** How a network is laid over a picture. */
export interface Layout {
  /** What the network is given at once: the whole picture, continued to multiples of the divisor, or a window of it. */
  readonly window: Size
  /** Pixels that neighbouring windows share, where there are several. */
  readonly overlap: number
  /** In words, where it is not simply the picture. */
  readonly notes: readonly string[]
}

/** What is asked of a layout. */
export interface LayoutRequest {
  /** Side of the windows; all of the picture where it is left out and memory holds it. */
  readonly tile?: number | undefined
  /** An eighth of the tile where it is left out. */
  readonly overlap?: number | undefined
  /** Pictures that are asked for at once: samples, times the channels that are restored apart. */
  readonly batch: number
  /** Bytes of memory there are: of the default device where they are left out. */
  readonly memory?: number | undefined
}

const up = (side: number, divisor: number) => divisor * Math.ceil(side / divisor)
const words = ([height, width]: Size) => `${width}×${height}`
const same = (a: Size, b: Size) => a[0] === b[0] && a[1] === b[1]

/** Below this many pixels at once nobody looks whether memory holds them. */
const carefree = 2 ** 14
/** Sides of windows that are taken where memory does not hold the picture, the first that fits. */
const windowSides = [1024, 768, 512, 384, 256, 192, 128, 96, 64]
/** The part of memory that the network may take: methods hold pictures of their own, kernels working areas. */
const share = 1 / 2

/**
 * Bytes for a pixel that a network has alive at once, forward and back: measured at a small size, as all it keeps grows
 * with the pixels.
 */
function bytesPerPixel({ at, divisor }: PriorSizes): number {
  const side = up(32, divisor)
  const prior = at([side, side])
  const t = prior.schedule.noisiest
  const x = zeros([1, ...prior.shape])
  try {
    const bytes = peakBytesOf(() =>
      scope(() => {
        const [y, back] = vjp((xt: Tensor) => prior.denoise(xt, t), x)
        return back(y)
      }),
    )
    return bytes / side ** 2
  } finally {
    x.dispose()
  }
}

/**
 * Lays a network over pictures of a size: whole where that is asked for or memory holds it, in windows otherwise.
 * @throws {OptionError} naming `tile` or `overlap` where it does not fit, or `size` where a prior on latents cannot take it.
 */
export function layoutOf(sizes: PriorSizes, size: Size, request: LayoutRequest): Layout {
  const { divisor, latent } = sizes
  const padded: Size = [up(size[0], divisor), up(size[1], divisor)]
  if (latent) {
    if (request.tile !== undefined)
      throw new OptionError('tile', 'is not for priors on latents, which are of whole pictures')
    if (!same(padded, size))
      throw new OptionError(
        'size',
        `the autoencoder takes sides that are multiples of ${divisor}, not ${words(size)}; crop the picture`,
      )
    return { window: size, overlap: 0, notes: [] }
  }
  const padding = same(padded, size)
    ? []
    : [
        `the network takes sides that are multiples of ${divisor}: the prior saw the picture continued by reflection to ${words(padded)}`,
      ]
  const { tile = automaticTile(sizes, padded, request) } = request
  if (tile === undefined) {
    if (request.overlap !== undefined)
      throw new OptionError('overlap', 'is of windows, and there is but one: give a tile as well')
    return { window: padded, overlap: 0, notes: padding }
  }
  if (!(Number.isInteger(tile) && tile >= divisor && tile % divisor === 0))
    throw new OptionError(
      'tile',
      `must be a multiple of ${divisor}, which the network halves to, got ${tile}`,
    )
  const overlap = request.overlap ?? divisor * Math.floor(tile / 8 / divisor)
  if (!(Number.isInteger(overlap) && overlap >= 0 && overlap < tile && overlap % divisor === 0))
    throw new OptionError(
      'overlap',
      `must be a multiple of ${divisor} below the tile of ${tile}, so that windows start where the network halves, got ${overlap}`,
    )
  const window: Size = [Math.min(tile, padded[0]), Math.min(tile, padded[1])]
  if (same(window, padded)) return { window, overlap: 0, notes: padding }
  const why = request.tile === undefined ? ', as memory does not hold the whole at once' : ''
  return {
    window,
    overlap,
    notes: [...padding, `the prior saw windows of ${words(window)} that overlap by ${overlap}${why}`],
  }
}

/** The side of windows for a picture that memory does not hold; undefined where it does. */
function automaticTile(sizes: PriorSizes, [height, width]: Size, request: LayoutRequest): number | undefined {
  const { batch, memory = getDevice().info().memory?.limit } = request
  if (memory === undefined || batch * height * width <= carefree) return undefined
  const each = batch * bytesPerPixel(sizes)
  const room = share * memory
  if (each * height * width <= room) return undefined
  const fitting = windowSides
    .map((side) => up(side, sizes.divisor))
    .find((side) => each * Math.min(side, height) * Math.min(side, width) <= room)
  return fitting ?? up(windowSides.at(-1) ?? 64, sizes.divisor)
}

/**
 * A prior on pictures [C, H, W], of a network that is laid over them. A prior on grey pictures is asked channel by channel
 * where C is 3, one on colour pictures is given the grey in all of them where C is 1.
 * @throws {OptionError} naming `prior`, where the channels are others.
 */
export function laidOver(sizes: PriorSizes, shape: Shape, { window, overlap }: Layout): Prior {
  const [channels = 0, height = 0, width = 0] = shape
  const { divisor, latent } = sizes
  const own = sizes.at(window)
  if (latent) return own
  const padded: Size = [up(height, divisor), up(width, divisor)]
  const tiled = same(window, padded) ? own : tiledPrior(own, { size: padded, overlap })
  const whole = same(padded, [height, width]) ? tiled : paddedPrior(tiled, [height, width])
  return withChannels(whole, channels)
}

/** A prior on pictures of another number of channels, 1 or 3. */
export function withChannels(prior: Prior, channels: number): Prior {
  if (prior.shape[0] === channels) return prior
  return channels === 1 ? greyOf(prior) : eachChannel(prior, channels)
}
