import {
  ddrm,
  defineOperator,
  dps,
  gaussianNoise,
  inpaint,
  methods,
  noises,
  operators,
  poissonNoise,
  redDiff,
  rulesOf,
  UnfitError,
} from '@tweedie/solvers'
import { expect, test } from 'vitest'
import { methodFacts, methodsThatFit, suggesting } from './methods.ts'
import { exampleOperator, operatorFacts, operatorsThatFit, operatorWords } from './operators.ts'

const rounding = defineOperator({
  name: 'rounding',
  summary: 'rounded',
  example: 'rounding',
  options: {},
  build: (shape) => ({
    inShape: shape,
    outShape: shape,
    differentiable: false,
    pinv: (y) => y.mul(1),
    forward: (x) => x.mul(4).sub(x.mul(3)),
  }),
})

test('facts follow from needs', () => {
  expect(methodFacts(ddrm.info)).toEqual({
    cost: 'S+D',
    needs: ['SVD', 'σ_y'],
    laws: ['gaussian', 'none'],
    noise: 'gaussian, none',
    nonlinear: false,
    blind: false,
  })
  expect(methodFacts(dps.info)).toMatchObject({ noise: 'any', laws: noises.names, nonlinear: true })
  const known = methodFacts({
    ...dps.info,
    needs: ['likelihood', 'linear'],
    rules: rulesOf(['likelihood', 'linear']),
  })
  expect(known).toMatchObject({ nonlinear: false })
  // σ_y = 0 has no density, and rounding without noise before it none either.
  expect(known.laws).toEqual(noises.names.filter((name) => name !== 'none' && name !== 'quantisation'))
})

test('every operator of the list has an example, and says what it has', () => {
  for (const entry of operators) expect(exampleOperator(entry), entry.info.name).toBeDefined()
  expect(operatorWords(operatorFacts(inpaint([1, 4, 4])))).toBe('linear, Aᵀ, SVD, A⁺')
  const { svd, ...plain } = inpaint([1, 4, 4])
  expect(operatorWords(operatorFacts(plain))).toBe('linear, Aᵀ, A⁺')
  expect(operatorWords(operatorFacts(rounding([4])))).toBe('not linear, A⁺, no gradient')
  expect(operatorWords({ linear: true })).toBe('linear')
})

test('which operators a method takes, and which methods a problem', () => {
  const more = operators.with(rounding)
  expect(operatorsThatFit(ddrm.info, more)).not.toContain('rounding')
  expect(operatorsThatFit({ rules: rulesOf(['pinv']) }, more)).toContain('rounding')
  expect(operatorsThatFit(dps.info, more)).toEqual(operatorsThatFit(dps.info, operators))
  const few = [ddrm, dps, redDiff]
  const names = (fit: typeof few | ReturnType<typeof methodsThatFit>) => fit.map(({ info }) => info.name)
  const operator = inpaint([1, 4, 4])
  expect(names(methodsThatFit(few, { operator, noise: gaussianNoise(0.1) }))).toEqual(names(few))
  expect(names(methodsThatFit(few, { operator, noise: poissonNoise() }))).toEqual(['dps', 'red-diff'])
})

test('an unfit method names those that fit', async () => {
  const problem = { operator: inpaint([1, 4, 4]), noise: poissonNoise() }
  const unfit = async () => {
    throw new UnfitError('ddrm', 'sigma', 'needs σ_y')
  }
  await expect(suggesting(methods, problem, unfit)).rejects.toThrow(
    /^ddrm: needs σ_y; these would: .*\bdps\b/,
  )
  await expect(suggesting([ddrm], problem, unfit)).rejects.toThrow('ddrm: needs σ_y; no other would')
  // One that the plan refuses is not suggested to itself.
  const own = () => Promise.reject(new UnfitError('dps', 'linear', 'not this one'))
  await expect(suggesting([dps, redDiff], problem, own)).rejects.toThrow(
    'dps: not this one; these would: red-diff',
  )
  const other = () => Promise.reject(new RangeError('else'))
  await expect(suggesting(methods, problem, other)).rejects.toThrow(new RangeError('else'))
  expect(await suggesting(methods, problem, () => 3)).toBe(3)
})
