import { customVjp, vjp } from '@tweedie/autograd'
import type { Settings } from '@tweedie/solvers'
import {
  defineMethod,
  dps,
  gaussianNoise,
  gaussianPrior,
  inpaint,
  linearOperator,
  lookAt,
  methods,
  needsBlind,
  residualAt,
  residualNorm,
  run,
  sampleNorms,
  stepping,
  unknownGain,
  vpLinear,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, ones } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { methodsMarkdown, profileMethod } from './methods.ts'

/** A clock that only what is told to takes time on. */
const time = { at: 0 }
const now = () => time.at
const takes = (forward: number, back: number) =>
  customVjp(
    (x: Tensor) => {
      time.at += forward
      return x.mul(0.5)
    },
    (_, dy) => {
      time.at += back
      return [dy.mul(0.5)]
    },
  )

const denoise = takes(5, 11)
const prior = { name: 'slow', shape: [2], schedule: vpLinear(), denoise: (x: Tensor) => denoise(x) }
const operator = linearOperator('slow', {
  inShape: [2],
  outShape: [2],
  forward: takes(3, 2),
  adjoint: takes(7, 0),
})
const problem = { operator, noise: gaussianNoise(0.1), y: ones([1, 2]) }
const method = (plan: 'plain' | 'through' | 'twice') =>
  defineMethod({
    name: plan,
    title: plan,
    family: 'explicit',
    needs: ['linear'],
    steps: 4,
    spacing: 'linspace',
    options: {},
    plan: ({ problem: { operator, y }, prior, noise }) =>
      stepping({
        start: () => ({ x: noise() }),
        step: ({ x }, { t }) => {
          time.at += 1 // what the method does itself
          const look = lookAt(prior, x, t, plan !== 'plain')
          if (plan === 'plain') {
            const { x0hat } = look
            const next = x0hat.add(operator.adjoint(y))
            return {
              state: { x: next },
              shown: { x0hat },
              numbers: { residual: residualNorm(operator, y, x0hat) },
            }
          }
          const { r, norm, back } = residualAt(operator, y, look.x0hat)
          const once = look.pullback(back(r), { retain: true })
          const next = plan === 'twice' ? once.add(look.pullback(once, { retain: true })) : once
          return { state: { x: next }, shown: { x0hat: look.x0hat }, numbers: { residual: norm } }
        },
      }),
  })

test.each([
  // A step: prior 5, A 3, Aᵀ 7, itself 1.
  ['plain', { ms: 16, prior: 5 / 16, operator: 10 / 16, rest: 1 / 16 }],
  // Prior 5 + 11, A and back 3 + 2.
  ['through', { ms: 22, prior: 16 / 22, operator: 5 / 22, rest: 1 / 22 }],
  ['twice', { ms: 33, prior: 27 / 33, operator: 5 / 33, rest: 1 / 33 }],
] as const)('%s: each part, forward and back, counts what it takes', async (plan, wanted) => {
  const profile = await profileMethod(method(plan), problem, prior, {}, { now, rounds: 1 })
  expect(profile).toMatchObject({ method: plan, steps: 4, ms: wanted.ms })
  expect(profile.prior).toBeCloseTo(wanted.prior, 12)
  expect(profile.operator).toBeCloseTo(wanted.operator, 12)
  expect(profile.rest).toBeCloseTo(wanted.rest, 12)
})

test('what leaves something unknown counts as operator: A_φ, forward and back', async () => {
  const pair = customVjp(
    (x: Tensor, phi: Tensor) => {
      time.at += 3
      return x.mul(phi)
    },
    ({ inputs: [x, phi] }, dy) => {
      time.at += 2
      return [dy.mul(phi), dy.mul(x)]
    },
  )
  const throughX = takes(0, 4) // the method goes back to φ alone
  const apply = (x: Tensor, phi: Tensor) => pair(throughX(x), phi)
  const { blind } = unknownGain(operator)
  if (blind === undefined) throw new Error('nothing is unknown')
  const blindly = defineMethod({
    name: 'blindly',
    title: 'blindly',
    family: 'explicit',
    needs: [needsBlind],
    steps: 4,
    spacing: 'linspace',
    options: {},
    plan: ({ problem: { operator, y }, prior, noise }) =>
      stepping({
        start: () => ({ x: noise() }),
        step: ({ x }, { t }) => {
          time.at += 1
          const x0hat = prior.denoise(x, t)
          const [clean, back] = vjp((phi: Tensor) => operator.blind.apply(x0hat, phi), ones([1, 2]))
          const [next] = back(y.sub(clean))
          return { state: { x: next }, shown: { x0hat }, numbers: { residual: sampleNorms(clean) } }
        },
      }),
  })
  const unknown = { ...operator, blind: { ...blind, apply } }
  const profile = await profileMethod(
    blindly,
    { ...problem, operator: unknown },
    prior,
    {},
    { now, rounds: 1 },
  )
  expect(profile).toMatchObject({ steps: 4, ms: 11 })
  expect(profile.operator).toBeCloseTo(5 / 11, 12)
  expect(profile.rest).toBeCloseTo(1 / 11, 12)
})

test('autoencoders, their stages and what looks at pictures count as prior', async () => {
  const outer = { decode: takes(5, 11), prior: { ...prior, denoise: takes(7, 0) } }
  const autoencoder = {
    name: 'slow',
    shape: [2],
    latentShape: [2],
    encode: takes(13, 17),
    decode: takes(3, 2),
    stages: [outer],
  }
  const conditional = {
    classes: ['one'],
    embed: () => ones([1, 2]),
    nothing: ones([1, 2]),
    denoise: (x: Tensor) => x,
    embedImage: takes(19, 0),
  }
  const coded = defineMethod({
    name: 'coded',
    title: 'coded',
    family: 'latent',
    needs: [],
    steps: 4,
    spacing: 'linspace',
    options: {},
    plan: ({ prior: { autoencoder: coder, conditional: told }, noise }) =>
      stepping({
        start: () => ({ x: noise() }),
        step: ({ x }, { t }) => {
          time.at += 1
          const [stage] = coder?.stages ?? []
          const there = (z: Tensor) => coder?.encode(coder.decode(stage?.decode(z) ?? z)) ?? z
          const [w, back] = vjp(there, x)
          const likely = stage?.prior?.denoise(w, t) ?? w
          const [next] = back(told?.embedImage?.(likely) ?? likely)
          return { state: { x: next }, shown: { x0hat: w }, numbers: { residual: sampleNorms(w) } }
        },
      }),
  })
  const profile = await profileMethod(
    coded,
    problem,
    { ...prior, autoencoder, conditional },
    {},
    { now, rounds: 1 },
  )
  // Forward 5 + 3 + 13 and back, the stage's prior 7, the embedding 19.
  expect(profile).toMatchObject({ steps: 4, ms: 1 + 51 + 7 + 19 })
  expect(profile.rest).toBeCloseTo(1 / 78, 12)
  expect(profile.operator).toBe(0)
})

describe('with a clock on it', () => {
  const smooth = gaussianPrior({ mean: Array(16).fill(0.1), covariance: 0.3, shape: [1, 4, 4] })
  const inside = { operator: inpaint([1, 4, 4], { box: 2 }), noise: gaussianNoise(0.2), y: ones([2, 1, 12]) }
  // Those that train something make thousands of updates by themselves.
  const few = { updates: 1, samples: 1 }
  const light: Readonly<Record<string, Settings>> = {
    'score-prior': { ...few, solver: 'euler', odeSteps: 1, probes: 1 },
    'efficient-score-prior': few,
  }
  test.each(methods.names)('%s leaves nothing in memory', async (name) => {
    const method = methods.find(name)
    const profiled = () =>
      profileMethod(method, inside, smooth, { steps: 4, ...light[name] }, { rounds: 1 }).catch(
        (error: Error) => {
          if (error.name === 'UnfitError') return undefined
          throw error
        },
      )
    await profiled() // priors and operators keep constants that they have made once
    const before = memory().tensors
    const profile = await profiled()
    expect(memory().tensors).toBe(before)
    if (profile !== undefined) expect(profile.prior).toBeGreaterThan(0)
  })

  test('a method computes what it does without', async () => {
    const plain = await run(dps(inside, smooth, { steps: 6, seed: 3 }))
    const seen: number[][] = []
    const watched = {
      info: dps.info,
      run: async function* (...args: Parameters<typeof dps.run>) {
        const x = yield* dps.run(...args)
        seen.push(Array.from(x.dataSync()))
        return x
      },
    }
    await profileMethod(watched, inside, smooth, { steps: 6, seed: 3 }, { rounds: 1 })
    expect(seen[1]).toEqual(Array.from(plain.dataSync()))
  })
})

test('a table, with a star where too much is left', () => {
  const row = { method: 'mine', steps: 10, ms: 1.234, prior: 0.8, operator: 0.05, rest: 0.15 }
  expect(methodsMarkdown([row, { ...row, method: 'other', rest: 0.1, prior: 0.85 }])).toBe(
    [
      '| method | steps | ms a step | prior | operator | rest |',
      '|---|--:|--:|--:|--:|--:|',
      '| mine | 10 | 1.23 | 80.0 % | 5.0 % | 15.0 % * |',
      '| other | 10 | 1.23 | 85.0 % | 5.0 % | 10.0 % |',
    ].join('\n'),
  )
})
