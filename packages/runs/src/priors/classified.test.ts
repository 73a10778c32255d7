import { flowView, gaussianPrior } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey, scope } from '@tweedie/tensor'
import type { AdmClassifierConfig } from '@tweedie/unet'
import { admClassifierConfig, admClassifierForward, admClassifierSpec } from '@tweedie/unet'
import { describe, expect, test } from 'vitest'
import { checkClassifier, classifiedPrior } from './classified.ts'

const config = admClassifierConfig({
  ...{ imageSize: 8, modelChannels: 32, channelMult: [1, 1], numResBlocks: 1, outChannels: 3 },
  ...{ numHeadChannels: 32, inChannels: 1 },
})
const params = Object.fromEntries(
  Object.entries(admClassifierSpec(config)).map(([name, shape], i) => [
    name,
    normal(randomKey(i), shape).mul(name === 'out.3.weight' ? 5 : 0.3),
  ]),
)
const shape = [1, 8, 8]
const prior = gaussianPrior({ shape, mean: new Array(64).fill(0.1), covariance: 0.5 })

/** log p(class | x) of one picture, by its log-odds in plain numbers. */
function logOf(x: Tensor, t: number, label: number): number {
  const odds = scope(() => Array.from(admClassifierForward(params, config, x, t).dataSync()))
  const most = Math.max(...odds)
  return odds[label]! - most - Math.log(odds.reduce((sum, v) => sum + Math.exp(v - most), 0))
}

describe('a prior with a classifier', () => {
  test('x̂₀ gains (σ²/α)·scale·∇ log p(class | x_t): its slope along directions is that of the log-probability', () => {
    const t = 300
    const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
    const x = normal(randomKey(50), [1, ...shape])
    for (const [label, scale] of [
      [0, 1],
      [2, 3],
    ] as const) {
      // biome-ignore format: rows
      const guided = classifiedPrior(prior, { config, params }, { label, scale })
      const gained = guided
        .denoise(x, t)
        .sub(prior.denoise(x, t))
        .mul(alpha / (sigma ** 2 * scale))
      for (const key of [51, 52, 53]) {
        const d = normal(randomKey(key), [1, ...shape])
        const h = 1e-2
        const slope = (logOf(x.add(d.mul(h)), t, label) - logOf(x.sub(d.mul(h)), t, label)) / (2 * h)
        const along = gained.mul(d).sum().dataSync()[0]!
        const length = Math.hypot(...gained.dataSync()) * Math.hypot(...d.dataSync())
        expect(Math.abs(along - slope) / length).toBeLessThan(2e-3)
      }
      expect(Math.hypot(...gained.dataSync())).toBeGreaterThan(1e-2)
    }
    expect(classifiedPrior(prior, { config, params }, { label: 1 }).name).toBe('gaussian | class 1')
  })

  const withConfig = (more: Partial<AdmClassifierConfig>): AdmClassifierConfig => ({ ...config, ...more })
  const colour = gaussianPrior({ shape: [3, 8, 8], mean: new Array(192).fill(0), covariance: 1 })
  const odd = gaussianPrior({ shape: [1, 7, 8], mean: new Array(56).fill(0), covariance: 1 })
  const flat = gaussianPrior({ shape: [64], mean: new Array(64).fill(0), covariance: 1 })
  const label = 0
  test.each([
    [prior, config, 3, 'class', 'must be a class 0 … 2 of the classifier, got 3'],
    [prior, config, 0.5, 'class', 'must be a class 0 … 2'],
    [colour, config, label, 'classifier', "is of pictures of 1 channels; those of 'gaussian' have 3"],
    [odd, config, label, 'classifier', 'halves its pictures: 8×7 are no multiples of 2'],
    [
      prior,
      withConfig({ pool: 'attention', imageSize: 16 }),
      label,
      'classifier',
      'takes pictures of 16×16 alone',
    ],
    [flat, config, label, 'classifier', "'gaussian' is not a prior on pictures"],
    [flowView(prior), config, label, 'classifier', 'is told the index of a noise level of DDPM'],
  ] as const)('%# is refused', (asked, of, told, option, why) => {
    const check = () => checkClassifier(asked, of, { label: told })
    expect(check).toThrow(OptionError)
    expect(check).toThrow(`${option}: `)
    expect(check).toThrow(why)
  })
})
