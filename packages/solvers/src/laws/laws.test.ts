import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import {
  ddim,
  defineLinear,
  defineMethod,
  guidedPlan,
  hdr,
  matrixOperator,
  operators,
  proximal,
  quantise,
  residualNorm,
} from '../index.ts'
import type { AnyMethod } from '../methods/index.ts'
import { gaussianMixturePrior, gaussianPrior, networkPrior } from '../priors/index.ts'
import { vpLinear } from '../schedules/index.ts'
import type { LinearOperator, Operator, Prior } from '../types.ts'
import type { Law } from './index.ts'
import { methodLaws, operatorLaws, priorLaws } from './index.ts'

/** The laws that do not hold, with what was found. */
async function broken(laws: readonly Law[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { name, holds } of laws) {
    await holds().catch((error: Error) => {
      found[name] = `${error.name}: ${error.message}`
    })
  }
  return found
}

const bayes = defineMethod({
  name: 'bayes',
  title: 'Posterior mean around the guess',
  family: 'explicit',
  needs: ['linear', 'sigma'],
  steps: 100,
  spacing: 'linspace',
  options: {},
  plan: (run) => {
    const { operator, noise, y } = run.problem
    return guidedPlan(run, ddim(1), {
      through: false,
      at: ({ x0hat, alpha, sigma }) => ({
        x0: proximal({ operator, y, sigmaY: noise.sigma }, x0hat, sigma / Math.hypot(alpha, sigma)),
        residual: residualNorm(operator, y, x0hat),
      }),
    })
  },
})

/** A method that differs from another in how it runs, or in what it says of itself. */
const like = (
  method: AnyMethod,
  run: AnyMethod['run'],
  info: Partial<AnyMethod['info']> = {},
): AnyMethod => ({
  info: { ...method.info, ...info },
  run,
})

test('a method that tends to the exact posterior passes', async () => {
  expect(await broken(methodLaws(bayes, { exact: { steps: 200, within: 0.1 } }))).toEqual({})
})

test.each<[string, AnyMethod, RegExp]>([
  [
    'a batch equals its samples one by one, bit for bit',
    like(bayes, (problem, prior, options) => bayes.run(problem, prior, { ...options, firstSample: 0 })),
    /sample 1: \[.*\] should be/,
  ],
  [
    'does not mix the samples of a batch',
    like(bayes, ({ y, ...problem }, prior, options) =>
      bayes.run({ ...problem, y: y.add(y.mean(0, true)) }, prior, options),
    ),
    /sample 0 beside another neighbour/,
  ],
  [
    'the same seed gives the same result, another one another',
    like(bayes, (problem, prior, options) => bayes.run(problem, prior, { ...options, seed: 3 })),
    /the seed makes no difference/,
  ],
  [
    'goes on from what a step showed, bit for bit',
    like(bayes, (problem, prior, { resume: _, ...options } = {}) => bayes.run(problem, prior, options)),
    /steps that follow/,
  ],
  [
    'evaluates the prior as often as it says, on a tape only where it says so',
    like(bayes, bayes.run, { evaluations: (n) => 2 * n }),
    /10 evaluations in 10 steps, info.evaluations says 20/,
  ],
  [
    'evaluates the prior as often as it says, on a tape only where it says so',
    like(bayes, bayes.run, { needs: ['denoiserVjp'] }),
    /0 on a tape; needs has 'denoiserVjp'/,
  ],
  [
    'runs in the element type of y',
    like(bayes, ({ y, ...problem }, prior, options) =>
      bayes.run({ ...problem, y: y.cast('float32') }, prior, options),
    ),
    /the result is float32 for a y of float64/,
  ],
  [
    'refuses a y that is not finite, before any work',
    like(bayes, (problem, prior, options) => {
      prior.denoise(tensor([[[[0, 0], [0, 0]]]]), 999).dispose() // biome-ignore format: an image
      return bayes.run(problem, prior, options)
    }),
    /evaluates the prior before it looks at y/,
  ],
  [
    'refuses options that it does not have, or that do not fit',
    like(bayes, (problem, prior, { steps, seed, firstSample } = {}) =>
      bayes.run(problem, prior, { steps: Math.max(1, Math.round(Number(steps ?? 1))), seed, firstSample }),
    ),
    /throws nothing/,
  ],
  [
    'draws the exact posterior of a Gaussian',
    like(bayes, ({ y, ...problem }, prior, options) =>
      bayes.run({ ...problem, y: y.mul(1.4) }, prior, options),
    ),
    /mean of element \d in 200 steps: off by/,
  ],
])('a method that breaks it is found: %s', async (law, method, found) => {
  const laws = methodLaws(method, { exact: { steps: 200, within: 0.1 } }).filter(({ name }) => name === law)
  expect(laws).toHaveLength(1)
  expect((await broken(laws))[law]).toMatch(found)
})

test('every operator of the catalog passes at its example', async () => {
  for (const { info, make } of operators) {
    const shape = info.name === 'jpeg' ? [3, 16, 16] : [3, 8, 8]
    const { settings } = operators.parse(info.example.replace(/box=\d+/, 'box=3'))
    const found = await broken(operatorLaws(make(shape, info.name === 'sr' ? { factor: 4 } : settings)))
    expect(found, info.name).toEqual({})
  }
})

const plain = matrixOperator(tensor([[1, 0.5, 0], [0, 2, -1]], { dtype: 'float64' })) // biome-ignore format: a matrix
const less = ({ svd, pinv, ...rest }: typeof plain): LinearOperator => rest

test.each<[string, Operator, RegExp]>([
  ['⟨Ax, y⟩ = ⟨x, Aᵀy⟩', { ...less(plain), adjoint: (y) => plain.adjoint(y).mul(1 + 1e-9) } as LinearOperator, /in float64/],
  ['is linear', { ...less(plain), forward: (x) => plain.forward(x).add(1e-3) } as LinearOperator, /A\(2\.5x − z\)/],
  ['has gradients: the VJP agrees with differences', { ...plain, forward: (x) => plain.forward(x.detach()) } as Operator, /./],
  ['a batch equals its samples one by one', { ...less(plain), forward: (x) => plain.forward(x.sub(x.mean(0, true))) } as Operator, /sample 0/],
  ['yields [N, …outShape] in the element type of x', { ...plain, forward: (x) => plain.forward(x).cast('float32') } as Operator, /float32 for an x of float64/],
  ['refuses inputs of another shape', { ...plain, forward: (x) => plain.forward(x.slice(null, [0, 3])) } as Operator, /throws nothing/],
  ['A A⁺ A = A and A⁺ A A⁺ = A⁺', { ...plain, pinv: (y) => plain.pinv(y).mul(1 + 1e-6) } as LinearOperator, /A A⁺ A x/],
  ['A A⁺ and A⁺ A are symmetric', { ...plain, pinv: (y) => plain.pinv(y).add(tensor([[0, 0, 1]], { dtype: 'float64' }).mul(y.sum(1, true))) } as LinearOperator, /off by/],
  ['A = U Σ Vᵀ, V orthogonal, U orthonormal where A sees', { ...plain, svd: () => ({ ...plain.svd(), singularValues: plain.svd().singularValues.map((s) => s * 1.001) }) }, /U Σ Vᵀ/],
])('an operator that breaks it is found: %s', async (law, operator, found) => {
  expect((await broken(operatorLaws(operator)))[law]).toMatch(found)
}) // biome-ignore format: a table

test('where it is not linear, A† leads back to y; where it rounds, no gradient is asked for', async () => {
  const law = 'A(A†(A(x))) = A(x)'
  expect(await broken(operatorLaws(hdr([4])))).toEqual({})
  expect((await broken(operatorLaws({ ...hdr([4]), pinv: (y) => y.mul(1) })))[law]).toMatch(/A A† A x/)
  const names = (operator: Operator) => operatorLaws(operator).map(({ name }) => name)
  expect(names(hdr([4]))).toEqual(
    expect.arrayContaining([law, 'has gradients: the VJP agrees with differences']),
  )
  expect(names(quantise([4]))).toContain(law)
  expect(names(quantise([4]))).not.toContain('has gradients: the VJP agrees with differences')
  expect(names({ ...hdr([4]), pinv: (y) => y })).not.toContain('is linear')
})

test('a derived adjoint passes; what leaves tensors behind is found', async () => {
  const shake = defineLinear({
    name: 'shake',
    summary: 'differences of neighbours',
    example: 'shake',
    options: {},
    build: ([n = 1]) => ({
      inShape: [n],
      outShape: [n - 1],
      forward: (x: Tensor) => x.slice(null, [1, n]).sub(x.slice(null, [0, n - 1])),
    }),
  })
  expect(await broken(operatorLaws(shake([5])))).toEqual({})
  const kept: Tensor[] = []
  const leaky: Operator = {
    ...shake([5]),
    forward: (x) => {
      kept.push(x.mul(1))
      return shake([5]).forward(x)
    },
  }
  expect((await broken(operatorLaws(leaky)))['frees what it does not return, and keeps its input']).toMatch(
    /leaves \d+ tensors/,
  )
})

const mixture = gaussianMixturePrior({ weights: [1, 2], means: [[-1, 0], [1, 0.5]], covariances: 0.1 }) // biome-ignore format: rows
const schedule = vpLinear()

test('exact priors and networks pass', async () => {
  expect(await broken(priorLaws(mixture, { dtype: 'float64' }))).toEqual({})
  expect(await broken(priorLaws(gaussianPrior({ mean: [0, 1, 2], covariance: 0.5 })))).toEqual({})
  const network = networkPrior({
    name: 'n',
    shape: [1, 4, 4],
    schedule,
    predicts: 'epsilon',
    predict: (xt, t) => xt.mul(schedule.sigma(t)),
  })
  expect(await broken(priorLaws(network))).toEqual({})
})

test.each<[string, Prior, RegExp]>([
  ['depends on x_t', { ...mixture, denoise: (xt) => xt.mul(0) }, /the same for two x_t/],
  ['a batch equals its samples one by one', { ...mixture, denoise: (xt, t) => mixture.denoise(xt.sub(xt.mean(0, true)), t) }, /sample 0 at t/],
  ['has gradients: the VJP agrees with differences', { ...mixture, denoise: (xt, t) => mixture.denoise(xt.detach(), t) }, /./],
  ['refuses inputs of another shape', { ...mixture, denoise: (xt) => xt.mul(0.5) }, /throws nothing/],
  ['E[x₀ | x_t] has the shape and element type of x_t and is finite, at every noise level', { ...mixture, denoise: (xt, t) => mixture.denoise(xt, t).div(t > 10 ? 1 : 0) }, /is not finite at t/],
  ['its schedule goes from clean data to noise', { ...mixture, schedule: { ...schedule, timeOfNoiseLevel: () => 3 } }, /timeOfNoiseLevel gives 3/],
])('a prior that breaks it is found: %s', async (law, prior, found) => {
  expect((await broken(priorLaws(prior, { dtype: 'float64' })))[law]).toMatch(found)
}) // biome-ignore format: a table
