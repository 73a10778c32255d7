import type { Device, Key, Shape, Tensor } from '@tweedie/tensor'
import {
  broadcastTo,
  fromData,
  gather,
  OptionError,
  ShapeError,
  scope,
  treeMap,
  zeros,
} from '@tweedie/tensor'
import { inFloat64, preciseDevice } from '../linalg/precise.ts'
import type { NoiseStreams } from '../run/streams.ts'
import { rowsOf } from './ancestry.ts'
import type { Resampler } from './resample.ts'
import { multinomialResampling, systematicResampling } from './resample.ts'
import type { NormalisedWeights } from './weights.ts'
import { normaliseWeights } from './weights.ts'

/** What a population carries from step to step beside the particles: float64 tensors, for the state of a run. */
export interface ParticleWeights {
  /** log w of each particle since its sample was last resampled, [N, K]. */
  readonly logWeights: Tensor
  /** The log-evidence of each sample up to then, [N]. */
  readonly logEvidence: Tensor
}

/** A population after a resampling, and what was done. */
export interface Resampled<T> {
  readonly tree: T
  readonly weights: ParticleWeights
  /** For each sample the K indices, within the sample, that its particles came from. */
  readonly ancestors: readonly Int32Array[]
  /** The effective sample size of each sample before. */
  readonly ess: readonly number[]
  /** Which samples were resampled. */
  readonly resampled: readonly boolean[]
}

/** Options of {@link population}. */
export interface PopulationOptions {
  /** K, particles per sample. */
  particles: number
  /** A sample is resampled where its effective sample size is below this part of K: 0 never, 1 wherever weights differ. Default 0.5. */
  threshold?: number
  /** Default {@link systematicResampling}. */
  resampler?: Resampler
}

/** See {@link population}. Trees are tensors [N·K, …], or arrays and records of them. */
export interface Population {
  readonly particles: number
  /** [N, …] as [N·K, …]: each row K times. */
  spread<T>(tree: T): T
  /** z ~ N(0, I) for all particles, [N·K, …shape], by the streams of their samples. */
  noise(streams: Pick<NoiseStreams, 'normal'>, step: number, name: string, shape: Shape): Tensor
  /** Equal weights for N samples, nothing estimated yet. */
  start(samples: number, device?: string | Device): ParticleWeights
  /** Adds a log-potential of each particle, [N·K] or [N, K], to its log-weight. */
  reweight(weights: ParticleWeights, increments: Tensor): ParticleWeights
  /** The weights of each sample, normalised. */
  read(weights: ParticleWeights): readonly NormalisedWeights[]
  /** The log-evidence of each sample up to now: of what was resampled, and of the weights since. */
  logEvidence(weights: ParticleWeights): Float64Array
  /** Rows of each sample by indices within it, K or another number of them; one gather a tensor. */
  select<T>(tree: T, ancestors: readonly Int32Array[]): T
  /** Resamples the samples below the threshold, each by its key; leaves the others as they are, bit for bit. */
  resample<T>(keys: readonly Key[], tree: T, weights: ParticleWeights): Resampled<T>
  /** One particle of each sample in proportion to the weights, [N, …]. */
  pick<T>(keys: readonly Key[], tree: T, weights: ParticleWeights): T
  /** Σ_k W_k·x_k of each sample, [N, …]. */
  mean<T>(tree: T, weights: ParticleWeights): T
}

/**
 * Populations of K weighted particles for each sample of a batch: sequential Monte Carlo (Doucet & Johansen 2009)
 * on tensors [N·K, …], rows i·K … i·K + K − 1 being sample i's. Particles never cross samples, and what a sample
 * draws depends on its own key and weights alone: a batch of N equals N single runs.
 *
 * With log-potentials added by `reweight` and a proposal between, `logEvidence` is the log of an unbiased estimate
 * of the product's normalising constant, whatever the threshold and resampler.
 *
 * Results are the caller's own; nothing given is freed. Weights are read by the host, so `read`, `logEvidence`,
 * `resample`, `pick` and `mean` need a device that the host can read at once.
 *
 * @throws {OptionError} for options out of range; from `select`, for an index outside its sample.
 * @throws {ShapeError} where rows are not N·K, or there is not one key per sample.
 * @throws {DegenerateWeightsError} where a sample's weights cannot be normalised.
 * @example
 * ```ts
 * import { noiseStreams, population } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const cloud = population({ particles: 2, threshold: 1 })
 * const streams = noiseStreams({ seed: 1, count: 1 })
 * const x = cloud.spread(tensor([[5]])).add(tensor([[0], [1]])) // [[5], [6]]
 * const weights = cloud.reweight(cloud.start(1), tensor([-Infinity, Math.log(0.5)], { dtype: 'float64' }))
 * cloud.resample(streams.keysOf(0, 'resample'), x, weights).tree.dataSync() // => [6, 6]
 * cloud.logEvidence(weights) // ≈ [-1.386294]
 * ```
 */
export function population(options: PopulationOptions): Population {
  const { particles: K, threshold = 0.5, resampler = systematicResampling } = options
  if (!(Number.isSafeInteger(K) && K > 0))
    throw new OptionError('particles', `must be a positive integer, got ${K}`)
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new OptionError('threshold', `must lie in [0, 1], a part of the particles, got ${threshold}`)
  }

  const read = ({ logWeights }: ParticleWeights): NormalisedWeights[] => {
    const values = logWeights.dataSync()
    return Array.from({ length: samplesOf(logWeights, K) }, (_, i) =>
      normaliseWeights(values.subarray(i * K, (i + 1) * K), i),
    )
  }
  const select = <T>(tree: T, ancestors: readonly Int32Array[]): T => {
    const rows = rowsOf(ancestors, K)
    return scope(() =>
      treeMap(tree, (x) => {
        requireRows('select', x, ancestors.length * K)
        return gather(x, fromData(rows, [rows.length], { device: x.device }))
      }),
    )
  }

  return {
    particles: K,
    read,
    select,
    spread: (tree) =>
      scope(() =>
        treeMap(tree, (x) => {
          const [samples, ...rest] = batched('spread', x)
          const wide = broadcastTo(x.reshape([samples, 1, ...rest]), [samples, K, ...rest])
          return wide.reshape([samples * K, ...rest])
        }),
      ),
    noise: (streams, step, name, shape) =>
      scope(() => {
        const z = streams.normal(step, name, [K, ...shape])
        return z.reshape([batched('noise', z)[0] * K, ...shape])
      }),
    start: (samples, device) => {
      const like = { dtype: 'float64', device: preciseDevice(device) } as const
      return { logWeights: zeros([samples, K], like), logEvidence: zeros([samples], like) }
    },
    reweight: ({ logWeights, logEvidence }, increments) => {
      if (increments.size !== logWeights.size)
        throw new ShapeError('reweight', 'needs one increment per particle', [
          increments.shape,
          logWeights.shape,
        ])
      return scope(() => ({
        logWeights: logWeights.add(inFloat64(increments).reshape(logWeights.shape)),
        logEvidence: logEvidence.detach(),
      }))
    },
    logEvidence: (weights) => {
      const banked = weights.logEvidence.dataSync()
      return Float64Array.from(read(weights), ({ logMean }, i) => banked[i]! + logMean)
    },
    resample: (keys, tree, weights) => {
      const now = read(weights)
      requireKeys('resample', keys, now.length)
      const ess = now.map((w) => w.ess)
      const resampled = ess.map((size) => size < threshold * K)
      const stay = Int32Array.from({ length: K }, (_, k) => k)
      const ancestors = now.map((w, i) => (resampled[i] ? resampler(keys[i]!, w.weights, K) : stay))
      if (!resampled.includes(true)) {
        return { tree: detached(tree), weights: detached(weights), ancestors, ess, resampled }
      }
      const [logWeights, logEvidence] = [weights.logWeights.dataSync(), weights.logEvidence.dataSync()]
      now.forEach(({ logMean }, i) => {
        if (!resampled[i]) return
        logWeights.fill(0, i * K, (i + 1) * K)
        logEvidence[i]! += logMean
      })
      const { device } = weights.logWeights
      return {
        tree: select(tree, ancestors),
        weights: {
          logWeights: fromData(logWeights, [now.length, K], { device }),
          logEvidence: fromData(logEvidence, [now.length], { device }),
        },
        ancestors,
        ess,
        resampled,
      }
    },
    pick: (keys, tree, weights) => {
      const now = read(weights)
      requireKeys('pick', keys, now.length)
      return select(
        tree,
        now.map((w, i) => multinomialResampling(keys[i]!, w.weights, 1)),
      )
    },
    mean: (tree, weights) => {
      const now = read(weights)
      const flat = Float64Array.from(now.flatMap((w) => Array.from(w.weights)))
      return scope(() =>
        treeMap(tree, (x) => {
          requireRows('mean', x, flat.length)
          const rest = x.shape.slice(1)
          const W = fromData(flat, [now.length, K, ...rest.map(() => 1)], {
            dtype: x.dtype,
            device: x.device,
          })
          return x
            .reshape([now.length, K, ...rest])
            .mul(W)
            .sum(1)
        }),
      )
    },
  }
}

const detached = <T>(tree: T): T => treeMap(tree, (x) => x.detach())

function batched(op: string, x: Tensor): readonly [number, ...number[]] {
  const [samples, ...rest] = x.shape
  if (samples === undefined) throw new ShapeError(op, 'needs a batch axis', [x.shape])
  return [samples, ...rest]
}

function samplesOf(logWeights: Tensor, K: number): number {
  const [samples, particles] = logWeights.shape
  if (samples !== undefined && particles === K && logWeights.shape.length === 2) return samples
  throw new ShapeError('population', `log-weights must be [N, ${K}]`, [logWeights.shape])
}

function requireRows(op: string, x: Tensor, rows: number): void {
  if (x.shape[0] !== rows) throw new ShapeError(op, `needs ${rows} rows, one per particle`, [x.shape])
}

function requireKeys(op: string, keys: readonly Key[], samples: number): void {
  if (keys.length !== samples)
    throw new ShapeError(op, `needs one key per sample, got ${keys.length} for ${samples}`)
}
