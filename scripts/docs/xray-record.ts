// What the record of the prior of X-rays says, and its error beside that of other priors, in words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExactPrior } from '@tweedie/solvers'
import { vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, randomPermutation, scope, uniform } from '@tweedie/tensor'
import { predictor } from '@tweedie/unet'
import { loadShippedPrior } from '@tweedie/unet/node'
import { table } from './frame.ts'
import { root } from './measured.ts'
import { mean } from './scores.ts'
import type { Xrays } from './xray-data.ts'
import { shape, size, xrayAt } from './xray-data.ts'

const number = (value: number): string => value.toLocaleString('en')
const schedule = vpLinear()
const times = 1000

/** The noise that is predicted in x_t of one picture. */
type Predicts = (xt: Tensor, t: number) => Tensor

/** Mean squared errors of the predicted noise: of all, and by quarters of the time. */
interface Errors {
  readonly all: number
  readonly quarters: readonly number[]
}

/** One noise for each picture, times spread evenly over 0 … 999; the same for every predictor. */
function errorsOf(predicts: Predicts, pictures: Xrays): Errors {
  const { count } = pictures
  const key = randomKey(0).fold('xray')
  const [within, places] = scope(() => [
    Float64Array.from(uniform(key.fold('time'), [count]).dataSync(), Number),
    randomPermutation(key.fold('order'), count),
  ])
  const errors = Array.from({ length: count }, (_, i) => {
    const t = Math.floor(((places[i]! + within[i]!) / count) * times)
    return scope(() => {
      const x = fromData(Float32Array.from(xrayAt(pictures, i)), [1, ...shape])
      const noise = normal([key.fold(i)], shape)
      const xt = x.mul(schedule.alpha(t)).add(noise.mul(schedule.sigma(t)))
      return { t, error: Number(predicts(xt, t).sub(noise).square().sum().dataSync()[0]) / size }
    })
  })
  const within4 = (q: number) => errors.filter(({ t }) => Math.floor((4 * t) / times) === q)
  return {
    all: mean(errors.map(({ error }) => error)),
    quarters: [0, 1, 2, 3].map((q) => mean(within4(q).map(({ error }) => error))),
  }
}

const network = (name: string): Predicts => predictor(loadShippedPrior(name))

const gaussianNoise =
  (prior: ExactPrior): Predicts =>
  (xt, t) =>
    xt.sub(prior.denoise(xt, t).mul(schedule.alpha(t))).div(schedule.sigma(t))

/** The errors of priors on the same noisy test pictures. */
export function errorTable(test: Xrays, gaussian: ExactPrior): string {
  const rows = [
    ['`xray`', network('xray')],
    ['Gaussian', gaussianNoise(gaussian)],
    ['`digits`', network('digits')],
  ] as const
  const cells = rows.map(([name, predicts]) => {
    const { all, quarters } = errorsOf(predicts, test)
    console.log(`error of ${name}: ${all.toFixed(4)}`)
    return [name, ...[all, ...quarters].map((v) => v.toFixed(4))]
  })
  return [
    `Beside other priors, on the same ${number(test.count)} noisy test pictures: a Gaussian with the mean and the covariance of the training pictures, whose prediction is the best linear one, and the prior of digits.`,
    table(['mean squared error of the noise', 'all', 'quarter 1', '2', '3', '4'], cells, (i) => i > 0),
  ].join('\n\n')
}

/** Steps of the first part of the training, whose averaged parameters the second began with. */
const firstSteps = 1666

/** What the record of the training says, as a table. */
export function trainingText(): string {
  const { record } = loadShippedPrior('xray')
  const { config, evaluation, parameters, trainingImages, command } = record
  if (evaluation === null) throw new Error('the record of xray has no evaluation')
  const { steps, batch, learningRate, decaySteps, emaDecay } = config
  const passes = (((firstSteps + steps) * batch) / trainingImages).toFixed(0)
  const rows = [
    [
      'architecture',
      "`ddpm` (diffusers' `UNet2DModel`), channels 24, 48, 64, one residual block per level, attention at 7×7",
    ],
    [
      'parameters',
      `${number(parameters)}, stored as float16 (\`packages/unet/priors/xray/model.safetensors\`)`,
    ],
    [
      'data',
      `${number(trainingImages)} pictures of PneumoniaMNIST in [−1, 1]: 3,882 to train on, less 10 that are among those to evaluate on`,
    ],
    ['schedule', 'linear β from 1e-4 to 0.02, T = 1000; predicts ε'],
    [
      'training',
      `${number(firstSteps)} steps of ${batch} pictures by \`packages/unet/scripts/xray.json\`, stopped there, at a learning rate of 0.0014 that had been 0.002; then, from the averaged parameters, ${number(steps)} more by \`xray-more.json\`, a learning rate of ${learningRate} that falls to 0 over the last ${number(decaySteps)}, averaged with decay ${emaDecay}. That is ${passes} times all pictures; none is mirrored, since the heart is on one side`,
    ],
    ['command', `\`${command}\``],
  ]
  const quarters = evaluation.byQuarter.map((value) => (value ?? Number.NaN).toFixed(4)).join(', ')
  return [
    table(['', ''], rows),
    `**Evaluation.** On ${evaluation.images}, one noise each, times spread evenly over 0 … 999, the mean squared error of the predicted noise is **${evaluation.mse.toFixed(4)}**. By quarters of the time, from clean to noisy: ${quarters}.`,
    'On the way, the loss of the training (a running mean) and that of the averaged parameters on 256 pictures of the validation set, with the same noise each time:',
    table(
      ['step', 'pictures', 'training', 'validation'],
      [...onTheWay('first', 0), ...onTheWay('more', firstSteps)].map(({ step, lossAverage, heldOut }) => [
        number(step),
        `${Math.round((step * batch) / 1000)}k`,
        lossAverage.toFixed(4),
        heldOut.toFixed(4),
      ]),
      () => true,
    ),
  ].join('\n\n')
}

/** A line of the log of a training that has an evaluation. */
interface Evaluated {
  readonly step: number
  readonly lossAverage: number
  readonly heldOut: number
}

/** Those of a part of the training, counted from the start of the first. */
const onTheWay = (part: 'first' | 'more', before: number): Evaluated[] =>
  readFileSync(join(root, `docs/xray/${part}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line): Evaluated => JSON.parse(line))
    .map((line) => ({ ...line, step: before + line.step }))
