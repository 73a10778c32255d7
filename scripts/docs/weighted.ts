// Weighted diffusions on the mixture of four modes of docs/weighted-diffusion.md: what the part c of the guidance, the annealing and
// the weights do at 300 and at 3000 steps. Written to that page, between its marks.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '@tweedie/calibration'
import { methodRow, mixturePosterior, sampleMetrics, short } from '@tweedie/calibration'
import type { GuidedStep, Settings } from '@tweedie/solvers'
import { gaussianMixturePrior, gaussianNoise, gSmc, matrixOperator, ve } from '@tweedie/solvers'
import { randomKey, tensor } from '@tweedie/tensor'
import { table } from './frame.ts'
import { root, write } from './measured.ts'

const particles = 4000
const direction = [[1, 0.3]] as const

function posed(): Case {
  const rows = direction.map((row) => [...row])
  const prior = gaussianMixturePrior({
    weights: [0.4, 0.2, 0.3, 0.1],
    means: [[-4, -4], [0, 0], [4, 4], [-4, 4]], // biome-ignore format: a list
    covariances: 1,
    schedule: ve({ sigmaMax: 20 }),
  })
  return {
    prior,
    problem: {
      operator: matrixOperator(tensor(rows)),
      noise: gaussianNoise(1),
      y: tensor([[1.5]]),
    },
    truth: new Float64Array(2),
    posterior: mixturePosterior(prior.law.posterior(rows, [1.5], 1)),
  }
}

interface Measured {
  readonly words: string
  readonly steps: number
  readonly sliced: number
  readonly evidence: number
  readonly ess: number
}

/** Sliced W₁ to the exact draws that all rows are compared with, and other sets of as many. */
function compared() {
  const given = posed()
  const metric = sampleMetrics.find(({ info }) => info.name === 'sw')
  if (metric === undefined) throw new Error('no sliced Wasserstein')
  const drawn = (seed: number) =>
    given.posterior.sample(Array.from({ length: particles }, (_, i) => randomKey(seed).fold(i)))
  const draws = drawn(1)
  const distance = (points: ReturnType<typeof drawn>) =>
    metric.of(points, { posed: given, draws })[0] ?? Number.NaN
  return { given, drawn, distance }
}

/** What sets of as many exact draws as there are particles come to: the mean of 20, the least and the most. */
export function floorOf(): string {
  const { drawn, distance } = compared()
  const all = Array.from({ length: 20 }, (_, i) => distance(drawn(2 + i)))
  const mean = all.reduce((sum, value) => sum + value / all.length, 0)
  return `${short(mean)} (${short(Math.min(...all))} to ${short(Math.max(...all))})`
}

/** Measures the rows of the table. */
async function measure(): Promise<readonly Measured[]> {
  const { given, distance } = compared()
  const rows: Measured[] = []
  for (const [forms, steps] of [
    [[{ gamma: 0 }], 3000],
    [[{ gamma: 0 }, {}, { weigh: 'path' }], 300],
  ] as const)
    for (const form of forms)
      for (const c of [0, 0.5, 1]) {
        const settings: Settings = { steps, spacing: 'log-snr', particles, c, ...form }
        let least = 1
        const watched = {
          ...gSmc,
          info: gSmc.info,
          async *run(...asked: Parameters<typeof gSmc.run>) {
            const all = gSmc.run(...asked)
            for (;;) {
              const next = await all.next()
              if (next.done === true) return next.value
              least = Math.min(least, (next.value.ess[0] ?? 0) / particles)
              yield next.value as GuidedStep
            }
          },
        }
        const samples = await methodRow(watched as unknown as typeof gSmc, settings, {
          samplesAre: 'one run',
        }).draw(given, {
          samples: particles,
          seed: 0,
        })
        const words = `\`c: ${c}${Object.entries(form)
          .map(([name, value]) => `, ${name}: ${value}`)
          .join('')}\``
        const evidence = (samples.logEvidence?.[0] ?? Number.NaN) - (given.posterior.logEvidence ?? 0)
        rows.push({ words, steps, sliced: distance(samples), evidence, ess: least })
        console.error(rows.at(-1))
      }
  return rows
}

const marks = ['<!-- measured -->', '<!-- /measured -->'] as const

/** Writes docs/weighted-diffusion.md. */
export async function measureWeighted(): Promise<void> {
  const rows = await measure()
  const path = 'docs/weighted-diffusion.md'
  const page = readFileSync(join(root, path), 'utf8')
  const [before = ''] = page.split(marks[0])
  const [, after = ''] = page.split(marks[1])
  const body = table(
    ['settings', 'steps', 'sliced W₁', 'log Ẑ − log p(y)', 'least ESS/K'],
    [
      ['exact draws, 20 sets', '–', floorOf(), '–', '–'],
      ...rows.map(({ words, steps, sliced, evidence, ess }) => [
        words,
        String(steps),
        short(sliced),
        short(evidence),
        short(ess),
      ]),
    ],
  )
  write(path, `${before}${marks[0]}\n\n${body}\n\n${marks[1]}${after}`)
}
