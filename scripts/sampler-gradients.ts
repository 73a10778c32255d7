// What gradients through DDIM cost under each strategy: the tables of docs/backprop-through-samplers.md.
// Run: node_modules/node/bin/node scripts/sampler-gradients.ts [--prior digits] [--steps 1,3,10,50]
// Without --prior, a U-Net with random weights, 16×16, channels 16 and 32, one image.
import { parseArgs } from 'node:util'
import { grad } from '@tweedie/autograd'
import type { Prior, SamplerStrategy } from '@tweedie/solvers'
import { countCalls, ddimSampler, epsilonPrior, gaussianMixturePrior, sr, vpLinear } from '@tweedie/solvers'
import type { DType, Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, resetPeak, scope } from '@tweedie/tensor'
import type { Network } from '@tweedie/unet'
import { architectureOf, ddpmConfig, initDdpm, predictor } from '@tweedie/unet'
import { loadShippedPrior } from '@tweedie/unet/node'

const { values } = parseArgs({
  options: { prior: { type: 'string' }, steps: { type: 'string', default: '1,3,10,50' } },
})
const counts = values.steps.split(',').map(Number)

function networkPrior(): Prior {
  const fresh = ddpmConfig({ sampleSize: 16, blockOutChannels: [16, 32] })
  const shipped = values.prior === undefined ? undefined : loadShippedPrior(values.prior)
  const network: Network = shipped ?? { config: fresh, params: initDdpm(fresh, randomKey(3)) }
  return epsilonPrior({
    name: values.prior ?? 'random U-Net',
    shape: architectureOf(network.config).sampleShape(network.config),
    schedule: vpLinear({ T: shipped?.record.config.timesteps ?? 1000 }),
    predictNoise: predictor(network),
  })
}

/** ∇_z ‖A·DDIM(z) − 0.3‖² and what it cost. */
function measure(prior: Prior, strategy: SamplerStrategy, steps: number, dtype: DType, repeats: number) {
  const counted = countCalls(prior)
  const z = normal(randomKey(1), [1, ...prior.shape], { dtype })
  const sampler = ddimSampler(counted, { steps, strategy })
  const pool = prior.shape.length === 3 ? sr(prior.shape, { factor: 2 }).forward : (x: Tensor) => x.sum(1)
  const gradient = grad((noise: Tensor) => pool(sampler(noise)).add(-0.3).square().sum())
  let result = new Float64Array()
  const once = () => scope(() => void (result = Float64Array.from(gradient(z).dataSync())))
  resetPeak()
  const before = memory().bytes
  once()
  const bytes = memory().peakBytes - before
  const recomputed = counted.calls.total - steps
  let seconds = Number.POSITIVE_INFINITY
  for (let i = 0; i < repeats; i++) {
    // Of the processor, which other work on the machine disturbs less than that of the clock.
    const start = process.cpuUsage()
    once()
    const { user, system } = process.cpuUsage(start)
    seconds = Math.min(seconds, (user + system) / 1e6)
  }
  z.dispose()
  return { result, bytes, recomputed, seconds }
}

const norm = (v: Float64Array) => Math.hypot(...v)
const errorOf = (a: Float64Array, b: Float64Array) => norm(a.map((v, i) => v - b[i]!)) / norm(b)
const label = (strategy: SamplerStrategy) =>
  typeof strategy === 'string'
    ? strategy
    : Object.entries(strategy)
        .map(([key, value]) => `${value} ${key}`)
        .join()
const scientific = (v: number) => (v === 0 ? '0' : v.toExponential(1))

const prior = networkPrior()
// So that no strategy pays for kernels and compilation.
measure(prior, 'tape', 10, 'float32', 4)
measure(prior, { slots: 3 }, 10, 'float32', 4)
const one = measure(prior, 'tape', 1, 'float32', 1).bytes
const strategies: readonly SamplerStrategy[] = [
  'tape',
  'checkpoint',
  { slots: 8 },
  { slots: 3 },
  'reversible',
]
console.log(`Model: ${prior.name} [${prior.shape.join(', ')}], float32; one step taped: ${one} bytes.\n`)
console.log(
  '| steps | strategy | peak bytes | in single steps | evaluations again | CPU time / tape | error |',
)
console.log('|--:|---|--:|--:|--:|--:|--:|')
for (const steps of counts) {
  const tape = measure(prior, 'tape', steps, 'float32', 3)
  for (const strategy of strategies) {
    const cost = strategy === 'tape' ? tape : measure(prior, strategy, steps, 'float32', 3)
    const cells = [
      steps,
      label(strategy),
      cost.bytes,
      (cost.bytes / one).toFixed(2),
      cost.recomputed,
      (cost.seconds / tape.seconds).toFixed(2),
      scientific(errorOf(cost.result, tape.result)),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

const mixture = (variance: number) =>
  gaussianMixturePrior({
    weights: [0.3, 0.7],
    means: [
      [0.6, -0.2, 0.1],
      [-0.4, 0.5, 0],
    ],
    covariances: variance,
  })
const cases = [
  ['mixture, σ = 0.6, float64', mixture(0.36), 'float64'],
  ['mixture, σ = 0.25, float64', mixture(0.0625), 'float64'],
  ['mixture, σ = 0.1, float64', mixture(0.01), 'float64'],
  ['mixture, σ = 0.6, float32', mixture(0.36), 'float32'],
  [`${prior.name}, float32`, prior, 'float32'],
] as const
const iterations = [1, 3, 10, 30] as const
console.log('\n| prior | steps | 1 iteration | 3 | 10 | 30 |\n|---|--:|--:|--:|--:|--:|')
for (const [name, subject, dtype] of cases) {
  for (const steps of counts.filter((n) => n > 1)) {
    const truth = measure(subject, 'tape', steps, dtype, 0).result
    const cells = iterations.map((k) =>
      subject === prior && k * steps > 1000
        ? '–'
        : scientific(errorOf(measure(subject, { iterations: k }, steps, dtype, 0).result, truth)),
    )
    console.log(`| ${name} | ${steps} | ${cells.join(' | ')} |`)
  }
}
