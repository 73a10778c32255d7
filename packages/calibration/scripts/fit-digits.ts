// Fits the law `digits-gmm` that ships with the project: see --help.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { heldOutDigits, readTrainingSet } from '@tweedie/unet/node'
import { decodeModel, encodeLaw } from '../src/digits/law-file.ts'
import { fitFactorMixture, meanLogLikelihood } from '../src/em/factor-em.ts'
import type { FactorModel } from '../src/em/model.ts'
import { pointsOf } from '../src/points.ts'

const help = `node packages/calibration/scripts/fit-digits.ts --out DIR [options]
  --data DIR        the IDX files of MNIST's images   (default ../shared/data/mnist-idx)
  --components N    Gaussians                         (default 20)
  --factors N       columns of the factor of each     (default 24)
  --ridge X         variance added to Ψ               (default 0.001)
  --iterations N                                      (default 50)
  --images N        training images, all by default
  --judged N        test images to judge by           (default 10000)
  --seed N                                            (default 0)`

const { values: o } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    out: { type: 'string' },
    data: { type: 'string', default: resolve(import.meta.dirname, '../../../../shared/data/mnist-idx') },
    components: { type: 'string', default: '20' },
    factors: { type: 'string', default: '24' },
    ridge: { type: 'string', default: '0.001' },
    iterations: { type: 'string', default: '50' },
    images: { type: 'string' },
    judged: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '0' },
  },
})
if (o.help || o.out === undefined) {
  console.log(help)
  process.exit(o.help ? 0 : 2)
}

/** Values in [−1, 1] of images spread evenly over a set, which may be in the order of its labels. */
function pointsOfImages({ pixels, count }: { pixels: Uint8Array; count: number }, most: number) {
  const kept = Math.min(count, most)
  const values = new Float64Array(kept * 784)
  for (let i = 0; i < kept; i++) {
    const from = Math.floor((i * count) / kept) * 784
    for (let j = 0; j < 784; j++) values[i * 784 + j] = (pixels[from + j] ?? 0) / 127.5 - 1
  }
  return pointsOf(values, 784)
}

const set = readTrainingSet(o.data, { test: true })
const points = pointsOfImages(set.images, Number(o.images ?? set.images.count))
const options = {
  components: Number(o.components),
  factors: Number(o.factors),
  ridge: Number(o.ridge),
  iterations: Number(o.iterations),
  seed: Number(o.seed),
}
const curve: [iteration: number, objective: number][] = []
let model: FactorModel | undefined
for (const step of fitFactorMixture(points, options)) {
  model = step.model
  curve.push([step.i, Number(step.objective.toFixed(3))])
  console.log(
    `${step.i + 1}/${step.iterations} objective ${step.objective.toFixed(3)} log p ${step.logLikelihood.toFixed(3)}`,
  )
}
if (!model) throw new TypeError('no iterations')
const bytes = encodeLaw(model)
const stored = decodeModel(bytes)
const judge = (images: { pixels: Uint8Array; count: number }, most: number) => {
  const judged = pointsOfImages(images, most)
  const logDensity = Number(meanLogLikelihood(judged, stored).toFixed(2))
  return { logDensity, images: judged.count }
}
const judged = Number(o.judged)
const record = {
  name: 'digits-gmm',
  law: { kind: 'mixture of factor analysers', ...options, dimension: 784, dataRange: [-1, 1] },
  bytes: bytes.length,
  weights: model.weights.map((w) => Number(w.toFixed(4))),
  data: set.title,
  files: set.record,
  command: ['node packages/calibration/scripts/fit-digits.ts', ...process.argv.slice(2)].join(' '),
  evaluation: {
    unit: 'nats an image, of the law as the file has it, a mean',
    training: judge(set.images, judged),
    test: set.test === undefined ? null : judge(set.test, judged),
    heldOut: judge(heldOutDigits().images, judged),
  },
  objective: curve,
}
mkdirSync(o.out, { recursive: true })
writeFileSync(join(o.out, 'model.safetensors'), bytes)
writeFileSync(join(o.out, 'record.json'), `${JSON.stringify(record, null, 1)}\n`)
console.log(JSON.stringify(record.evaluation), `${bytes.length} bytes`)
