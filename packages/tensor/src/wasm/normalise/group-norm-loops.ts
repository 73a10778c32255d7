import type { Body, Expr, FunctionBuilder, I32, Local, ModuleBuilder, Tuple } from '../asm/index.ts'
import { f32, f32x4, f64, i32, i32s, v128 } from '../asm/index.ts'
import { silu, siluSlope } from '../lanes/math.ts'
import { masked, prepareSums, store, sweep } from '../lanes/sweep.ts'
import type { Statistics } from './statistics.ts'
import { statisticsOf } from './statistics.ts'

/**
 * Types of x, dy, weight, bias, out, samples, groups, perGroup, pixels, sampleBytes, eps: five addresses; how many
 * samples, groups, channels per group and pixels per channel to do; the bytes from one sample to the next; ε. Any range
 * of samples, or of groups, can be done on its own by moving the addresses.
 */
const params = [...i32s(10), 'f64'] as const
const gradientParams = [...params, ...i32s(2)] as const

/** Defines a kernel, with SiLU or without. */
export type Emit = (m: ModuleBuilder, withSilu: boolean) => void

/** How many samples, groups, channels per group and pixels per channel. */
type Extents = Tuple<Local<'i32'>, 4>

/** Running addresses and counters of the loops over samples, groups and channels. */
function prepareLoops(
  f: FunctionBuilder,
  weights: Local<'i32'>,
  biases: Local<'i32'>,
  [samples, groups, perGroup, pixels]: Extents,
  sampleBytes: Local<'i32'>,
) {
  const [weight, bias] = f.locals('i32', 2)
  /** Elements of a group. */
  const count = f.let(i32.mul(perGroup, pixels))
  const gap = f.let(i32.sub(sampleBytes, i32.mul(i32.shl(count, 2), groups)))
  return {
    count,
    weight,
    bias,
    /** Visits every group; `cursors` pass a whole group in each visit, and what is left of a sample after it. */
    groups: (cursors: readonly Local<'i32'>[], sample: () => void, visit: () => void) =>
      f.times(samples, [], () => {
        f.set(weight, weights)
        f.set(bias, biases)
        sample()
        f.times(groups, [], visit)
        for (const cursor of cursors) f.add(cursor, gap)
      }),
    /** Visits every channel of a group. */
    channels: (visit: () => void) =>
      f.times(perGroup, [], () => {
        visit()
        f.add(weight, 4)
        f.add(bias, 4)
      }),
  }
}

/** `run(…params)`: y = (x − mean)·scale·weight + bias, then SiLU where asked for. */
const forward: Body<[withSilu: boolean], typeof params> = (
  f,
  withSilu,
  x,
  _dy,
  weight,
  bias,
  out,
  samples,
  groups,
  perGroup,
  pixels,
  sampleBytes,
  eps,
) => {
  const loops = prepareLoops(f, weight, bias, [samples, groups, perGroup, pixels], sampleBytes)
  const factor = f.local('f32')
  const factors = f.vector()
  const shifts = f.vector()
  const y = f.vector()
  const none = () => {}
  loops.groups([x, out], none, () => {
    const { mean, meanRest, scale } = statisticsOf(f, x, loops.count, eps)
    loops.channels(() => {
      f.set(factor, f32.mul(f32.load(loops.weight), scale))
      f.set(factors, f32x4.splat(factor))
      f.set(shifts, f32x4.splat(f32.sub(f32.load(loops.bias), f32.mul(meanRest, factor))))
      sweep(f, pixels, [x, out], (lanes) => {
        f.set(y, f.madd(f32x4.sub(v128.load(x), mean), factors, shifts))
        if (withSilu) f.set(y, silu(y, f))
        store(f, out, y, lanes)
      })
    })
  })
}

/** The gradient that reaches the affine map, dz = dy·(slope of the activation at z), and the normalised x. */
function prepareSlopes(f: FunctionBuilder, withSilu: boolean) {
  const [scale, shift, weight, bias] = f.vectors(4)
  const [normal, z] = f.vectors(2)
  return {
    weight,
    /** Once per group. */
    setGroup: (statistics: Statistics) => {
      f.set(scale, f32x4.splat(statistics.scale))
      f.set(shift, f32x4.splat(f32.neg(f32.mul(statistics.meanRest, statistics.scale))))
    },
    /** Once per channel. */
    setChannel: (w: I32, b: I32) => {
      f.set(weight, v128.load32Splat(w))
      f.set(bias, v128.load32Splat(b))
    },
    /** For four elements, of which the first `lanes` count and the others give zeros. */
    at: (x: I32, dy: I32, mean: Local<'v128'>, lanes: Local<'i32'> | undefined) => {
      f.set(normal, masked(f.madd(f32x4.sub(v128.load(x), mean), scale, shift), lanes))
      const gradient = masked(v128.load(dy), lanes)
      if (!withSilu) return { normal, dz: gradient }
      f.set(z, f.madd(normal, weight, bias))
      return { normal, dz: f32x4.mul(gradient, siluSlope(z, f)) }
    },
  }
}

/** Adds Σ dz·n and Σ dz of one channel to its totals, two float64 `step` bytes apart, and moves on to the next channel. */
function addTotals(
  f: FunctionBuilder,
  total: Local<'i32'>,
  step: Local<'i32'>,
  sums: ReturnType<typeof prepareSums>,
): void {
  const add = (at: I32, sum: Expr<'f64'>) => f.emit(f64.store(at, f64.add(f64.load(at), sum)))
  add(total, sums.product())
  add(i32.add(total, step), sums.plain())
  f.add(total, 8)
}

/**
 * `run(…params, totals, channelBytes)`. Where `withInput`, that is
 * dx = scale·(h − mean(h) − n·mean(h·n)) over each group, with n the normalised x and h = dz·weight: h waits in the
 * result's memory; its sums over the group are those of dz over each channel, times the channel's weight. Where
 * `withAffine`, the sums over channels, Σ dz·n and Σ dz, are added to `totals`, samples in their order.
 */
const gradients: Body<[withInput: boolean, withAffine: boolean, withSilu: boolean], typeof gradientParams> = (
  f,
  withInput,
  withAffine,
  withSilu,
  x,
  dy,
  weight,
  bias,
  out,
  samples,
  groups,
  perGroup,
  pixels,
  sampleBytes,
  eps,
  totals,
  step,
) => {
  const slopes = prepareSlopes(f, withSilu)
  const loops = prepareLoops(f, weight, bias, [samples, groups, perGroup, pixels], sampleBytes)
  const sums = prepareSums(f)
  // For dx, x is swept twice.
  const [xAt, h] = withInput ? f.locals('i32', 2) : [x, out]
  const [value, factors, coefficients, shifts] = f.vectors(4)
  const [plain, product, ofChannel] = f.locals('f64', 3)
  const total = f.local('i32')
  const a = f.local('f32')

  /** h into the result's memory, and its sums over the group. */
  const inputSweep = (lanes: Local<'i32'> | undefined) => {
    f.set(value, f32x4.mul(value, slopes.weight))
    store(f, h, value, lanes)
  }
  const inputSums = () => {
    f.set(ofChannel, f64.promoteF32(f32.load(loops.weight)))
    f.set(plain, f64.add(plain, f64.mul(ofChannel, sums.plain())))
    f.set(product, f64.add(product, f64.mul(ofChannel, sums.product())))
  }
  /** dx = scale·(h + a·(x − mean) + b) with a = −scale·mean(h·n) and b = −mean(h) − a·meanRest. */
  const input = ({ mean, meanRest, scale }: Statistics) => {
    const average = (total: Expr<'f64'>) => f32.demoteF64(f64.div(total, f64.convertI32S(loops.count)))
    f.set(a, f32.neg(f32.mul(scale, average(product))))
    f.set(factors, f32x4.splat(scale))
    f.set(coefficients, f32x4.splat(a))
    f.set(shifts, f32x4.splat(f32.neg(f32.add(average(plain), f32.mul(a, meanRest)))))
    sweep(f, loops.count, [x, out], (lanes) => {
      const apart = f32x4.add(v128.load(out), shifts)
      const inner = f.madd(f32x4.sub(v128.load(x), mean), coefficients, apart)
      f.set(value, f32x4.mul(inner, factors))
      store(f, out, value, lanes)
    })
  }

  const rewind = () => f.set(total, totals)
  loops.groups(withInput ? [x, dy, out] : [x, dy], rewind, () => {
    const statistics = statisticsOf(f, x, loops.count, eps)
    slopes.setGroup(statistics)
    if (withInput) {
      f.set(plain, 0)
      f.set(product, 0)
      f.set(xAt, x)
      f.set(h, out)
    }
    loops.channels(() => {
      slopes.setChannel(loops.weight, loops.bias)
      sums.clear()
      sweep(
        f,
        pixels,
        withInput ? [xAt, dy, h] : [x, dy],
        (lanes) => {
          const { normal, dz } = slopes.at(xAt, dy, statistics.mean, lanes)
          f.set(value, dz)
          sums.add(value, normal)
          if (withInput) inputSweep(lanes)
        },
        sums.flush,
      )
      if (withInput) inputSums()
      if (withAffine) addTotals(f, total, step, sums)
    })
    if (withInput) input(statistics)
  })
}

/** Emits the forward pass, with SiLU or without. */
export const emitForward: Emit = (m, withSilu) => m.func('run', params, forward, withSilu)

/** Gives what emits the gradients. */
export const emitGradients =
  (withInput: boolean, withAffine: boolean): Emit =>
  (m, withSilu) =>
    m.func('run', gradientParams, gradients, withInput, withAffine, withSilu)
