// Trajectories of diffusers' schedulers of noise levels, for a fixed network and fixed noise: tests/fixtures/schedulers/levels.py.
import { readFileSync } from 'node:fs'
import type { Prior } from '@tweedie/solvers'
import { edm, withSchedule } from '@tweedie/solvers'
import { fromData, OptionError } from '@tweedie/tensor'
import type { TrainedOn } from '@tweedie/unet'
import { toldScheduler } from '@tweedie/unet/node'
import { describe, expect, test } from 'vitest'
import { trainedPrior } from './trained.ts'

type Numbers = readonly number[]
interface Case {
  readonly config: { readonly _class_name: string; readonly [field: string]: unknown }
  readonly looks: readonly {
    readonly x: Numbers
    readonly at: number
    readonly clean: Numbers
    readonly variance?: number
  }[]
  readonly last: Numbers
}
const file = new URL('../../../../tests/fixtures/schedulers/levels.json', import.meta.url)
const cases: readonly Case[] = JSON.parse(readFileSync(file, 'utf8'))

const shape = [1, 1, 3]
const batch = (values: Numbers) => fromData([...values], [2, ...shape], { dtype: 'float64' })
const noise = (i: number) => (k: number) => 1.3 * Math.sin(3.1 * k + 0.7 * i + 1)

/** What the command line makes of the fields of a file. */
const trainedOn = ({ _class_name: name, ...fields }: Case['config']): TrainedOn =>
  toldScheduler(
    `${name}:${Object.entries(fields)
      .map(([key, value]) => `${key}=${value}`)
      .join(',')}`,
  ).trainedOn

/** The network of the fixture as a prior: of noise levels on those, as its schedulers are. */
function priorOf(config: Case['config']): Prior {
  const told = trainedOn(config)
  const over = told.says === 'score' ? (t: number) => t : () => 1
  const prior = trainedPrior('fixture', shape, told, (xt, t) => {
    const x = xt.dataSync()
    const said = Array.from(x, (s, k) => (0.8 * Math.sin(1.3 * k + 0.1 * t) + 0.3 * Math.cos(s)) / over(t))
    return { output: batch(said) }
  })
  return told.schedule.kind === 'edm'
    ? withSchedule(prior, edm({ sigmaMax: told.schedule.sigmaMax ?? Number.NaN }))
    : prior
}

/** x̂₀ at a state and level of the fixture, in its units. */
function cleanAt(prior: Prior, unit: boolean, x: Numbers, at: number): number[] {
  const there = unit ? x.map((v) => 2 * v - 1) : x
  const clean = prior.denoise(batch(there), unit ? 2 * at : at).dataSync()
  return Array.from(clean, (v) => (unit ? (v + 1) / 2 : v))
}

function expectClose(found: Numbers, wanted: Numbers): void {
  const size = Math.max(1, ...wanted.map(Math.abs))
  wanted.forEach((value, k) => void expect(Math.abs(found[k]! - value) / size).toBeLessThan(2e-6))
}

const isUnit = (name: string) => name === 'ScoreSdeVeScheduler'
const rows = cases.map((row, i) => [i, row.config._class_name, row] as const)

describe('a fixed network under the scheduler of', () => {
  test.each(rows)('%i %s: x̂₀ at every state of its pipeline', (_, name, { config, looks }) => {
    const prior = priorOf(config)
    const known = (at: number) =>
      name !== 'KarrasVeScheduler' || (at >= Number(config['sigma_min']) && at <= Number(config['sigma_max']))
    const met = looks.filter(({ at }) => known(at))
    expect(met.length).toBeGreaterThanOrEqual(4)
    for (const { x, at, clean } of met) expectClose(cleanAt(prior, isUnit(name), x, at), clean)
  })

  // KarrasVe's leaves its own levels.
  const within = rows.filter(([, name]) => name !== 'KarrasVeScheduler')
  test.each(within)('%i %s: its trajectory, from our x̂₀ alone', (_, name, { config, looks, last }) => {
    const prior = priorOf(config)
    let x = looks[0]!.x
    looks.forEach(({ at, variance = 0 }, i) => {
      expectClose(x, looks[i]!.x)
      const clean = cleanAt(prior, isUnit(name), x, at)
      if (isUnit(name))
        x = x.map((v, k) => v + (variance * (clean[k]! - v)) / at ** 2 + Math.sqrt(variance) * noise(i)(k))
      else if (name === 'ScoreSdeVpScheduler') {
        const { alpha, sigma } = prior.schedule
        const [least, most] = [Number(config['beta_min']), Number(config['beta_max'])]
        const [beta, dt] = [least + at * (most - least), 1 / looks.length]
        x = x.map((v, k) => {
          const score = (alpha(at) * clean[k]! - v) / sigma(at) ** 2
          return v + dt * (beta * v * 0.5 + beta * score) + Math.sqrt(beta * dt) * noise(i)(k)
        })
      } else {
        const next = looks[i + 1]?.at ?? 0
        x = x.map((v, k) => clean[k]! + (next / at) * (v - clean[k]!))
      }
    })
    expectClose(x, last)
  })
})

test('below the least level x̂₀ goes to x with the square of the level, and noise with the level', () => {
  const ve = trainedPrior(
    'x0',
    shape,
    { schedule: { kind: 'edm', sigmaMin: 0.02, sigmaMax: 50 }, predicts: 'x0', clip: null },
    (xt) => ({ output: xt.mul(0.5) }),
  )
  const x = [1, -2, 3, -4, 5, 6]
  for (const [level, part] of [
    [0.02, 1],
    [0.01, 0.25],
    [0.001, 0.0025],
  ] as const)
    expectClose(
      cleanAt(withSchedule(ve, edm({ sigmaMax: 50 })), false, x, level),
      x.map((v) => v - part * 0.5 * v),
    )
  const noise = trainedPrior(
    'noise',
    shape,
    { schedule: { kind: 'edm', sigmaMin: 0.02, sigmaMax: 50 }, predicts: 'epsilon', clip: null },
    (xt) => ({ output: xt.mul(0.5) }),
  )
  const tenth = cleanAt(withSchedule(noise, edm({ sigmaMax: 50 })), false, x, 0.002)
  expectClose(
    tenth,
    x.map((v) => v - 0.0002 * 0.5 * v),
  )
  const one = { kind: 'edm', sigmaMin: 0.1, sigmaMax: 50 } as const
  const other = trainedPrior('other', shape, { schedule: one, predicts: 'x0', clip: null }, (xt) => ({
    output: xt,
  }))
  const onLevels = withSchedule(other, edm({ sigmaMax: 50 }))
  expect(() => onLevels.denoise(batch(x), 0.05)).toThrow(OptionError)
})
