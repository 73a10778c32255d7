// W₂ to the posterior of a Gaussian against the midpoint of MGPS, in closed form and as measured, and against the repeats of MGDM.
// Written to docs/midpoints.md, between its marks, with a picture.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Row } from '@tweedie/calibration'
import {
  exactDraws,
  gaussianDistance,
  methodRow,
  midpointLaw,
  sampleMetrics,
  short,
  suites,
} from '@tweedie/calibration'
import type { AnyMethod, ExactPrior, Settings } from '@tweedie/solvers'
import { mgdm, mgps } from '@tweedie/solvers'
import { table } from './frame.ts'
import { root, write } from './measured.ts'
import { plotSvg } from './plot.ts'

const problems = suites.find(({ name }) => name === 'mgps')?.problems ?? []
const isExact = (prior: Case['prior']): prior is ExactPrior => 'law' in prior
const alphas = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
const [steps, samples, measuredSteps] = [300, 200, 50]
const measuredAlphas = [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99]
const repeats = [1, 2, 4, 8]

const poseOf = (name: string): Case => {
  const found = problems.find((problem) => problem.name === name)
  if (found === undefined) throw new Error(`there is no problem ${name}`)
  return found.pose(0)
}

/** W₂ of the exact midpoint's law. */
function closed(posed: Case, alpha: number, steps: number): number {
  const { prior, matrix, problem, posterior } = posed
  const [component] = isExact(prior) ? prior.law.components : []
  if (matrix === undefined || component === undefined)
    throw new Error('a linear measurement of a Gaussian is wanted')
  const asked = {
    ...{ law: component, schedule: prior.schedule, A: matrix },
    ...{ y: Array.from(problem.y.dataSync(), Number), sigma: problem.noise.sigma ?? 0 },
  }
  const { mean, covariance } = midpointLaw(asked, { alpha, steps })
  return gaussianDistance(mean, covariance, posterior.mean(), posterior.covariance())
}

/** W₂ of the moments of samples. */
async function measured(posed: Case, row: Row, seed = 0): Promise<number> {
  const metric = sampleMetrics.find(({ info }) => info.name === 'w2')
  const drawn = await row.draw(posed, { samples, seed })
  const [value] = metric?.of(drawn, { posed, draws: drawn }) ?? []
  return value ?? Number.NaN
}

const adam: Settings = { learningRate: 0.1, fitSteps: 10, longSteps: 10, warm: 0, steps: measuredSteps }
const published: Settings = { warm: 0, steps: measuredSteps }
const gibbs: Settings = { steps: 20, denoiseSteps: 8 }
const rounds: Settings = { ...gibbs, learningRate: 0.1, firstRate: 0.1, fitSteps: 10, longSteps: 10 }

/** A series of measured distances, told as it goes. */
async function curve(
  posed: Case,
  method: AnyMethod,
  option: string,
  values: readonly number[],
  settings: Settings,
) {
  const points: (readonly [number, number])[] = []
  for (const value of values) {
    points.push([value, await measured(posed, methodRow(method, { ...settings, [option]: value }))])
    console.log(`${method.info.name} ${option} = ${value}: ${points.at(-1)?.[1].toPrecision(3)}`)
  }
  return points
}

const [begin, end] = ['<!-- measured -->', '<!-- /measured -->']

/** Works out and measures the curves, and renews what stands between the marks of the page. */
export async function measureMidpoints(): Promise<void> {
  const [large, small] = [poseOf('n=100,m=50'), poseOf('n=2,m=2')]
  // Of sets of as many exact draws as there are samples, the mean.
  const sets = await Promise.all(Array.from({ length: 20 }, (_, seed) => measured(small, exactDraws, seed)))
  const floor = sets.reduce((sum, value) => sum + value / sets.length, 0)
  const inMany = alphas.map((alpha) => [alpha, closed(large, alpha, steps)] as const)
  const inTwo = alphas.map((alpha) => [alpha, closed(small, alpha, steps)] as const)
  const coarse = alphas.map((alpha) => [alpha, closed(small, alpha, measuredSteps)] as const)
  const fits = {
    '10 updates of 0.1': await curve(small, mgps, 'alpha', measuredAlphas, adam),
    'as published': await curve(small, mgps, 'alpha', measuredAlphas, published),
  }
  const gibbsFits = {
    'exact draw': await curve(small, mgdm, 'repeats', repeats, { ...gibbs, fit: 'exact' }),
    '10 updates of 0.1': await curve(small, mgdm, 'repeats', repeats, rounds),
  }
  const level = { value: floor, name: 'exact draws' }
  const log = { y: true }
  const line = true
  const told = (by: Readonly<Record<string, readonly (readonly [number, number])[]>>) =>
    Object.entries(by).map(([name, points]) => ({ name, points, line }))
  write(
    'docs/images/midpoints.svg',
    plotSvg('W₂ to the posterior against α of MGPS and R of MGDM', [
      { title: `100 dimensions, 50 measured, ${steps} steps`, xLabel: 'α', yLabel: 'W₂', log, series: [{ name: 'exact midpoint', points: inMany, line }], labels: true },
      { title: '2 dimensions, 2 measured', xLabel: 'α', yLabel: 'W₂', log, series: [{ name: `${steps} steps`, points: inTwo, line }, { name: `${measuredSteps} steps`, points: coarse, line }], labels: true },
      { title: `MGPS with its fits, ${measuredSteps} steps`, xLabel: 'α', yLabel: 'W₂', log, level, series: told({ ...fits, 'exact midpoint': coarse }), labels: true },
      { title: `MGDM, ${gibbs['steps']} steps`, xLabel: 'R', yLabel: 'W₂', log: { x: true, y: true }, level, series: told(gibbsFits), labels: true },
    ]), // biome-ignore format: a panel a line
  )
  const best = (points: readonly (readonly [number, number])[]) =>
    points.reduce((least, point) => (point[1] < least[1] ? point : least))
  const closedTable = table(
    ['α', ...alphas.map(String)],
    [
      [`100 dimensions, ${steps} steps`, ...inMany.map(([, w]) => short(w))],
      [`2 dimensions, ${steps} steps`, ...inTwo.map(([, w]) => short(w))],
      [`2 dimensions, ${measuredSteps} steps`, ...coarse.map(([, w]) => short(w))],
    ],
    (i) => i > 0,
  )
  const body = (by: Readonly<Record<string, readonly (readonly [number, number])[]>>) =>
    Object.entries(by).map(([name, points]) => [name, ...points.map(([, w]) => short(w))])
  const text = `The least is at α = ${best(inMany)[0]} in 100 dimensions and at α = ${best(inTwo)[0]} in two, ${short(best(inMany)[1])} and ${short(best(inTwo)[1])}.

${closedTable}

MGPS with its fits, ${samples} samples, exact draws of which are at ${short(floor)} (the mean of ${sets.length} sets): \`mgps:steps=${measuredSteps},warm=0\`, and with \`learningRate=0.1,fitSteps=10,longSteps=10\`.

${table(['α', ...measuredAlphas.map(String)], body(fits), (i) => i > 0)}

MGDM, ${samples} samples as well, \`mgdm:steps=${gibbs['steps']},denoiseSteps=${gibbs['denoiseSteps']}\` with \`fit=exact\`, and with \`learningRate=0.1,firstRate=0.1,fitSteps=10,longSteps=10\`.

${table(['R', ...repeats.map(String)], body(gibbsFits), (i) => i > 0)}
`
  const page = readFileSync(join(root, 'docs/midpoints.md'), 'utf8')
  const [before = '', rest = ''] = page.split(begin)
  write('docs/midpoints.md', `${before}${begin}\n\n${text}\n${end}${rest.split(end)[1] ?? ''}`)
}
