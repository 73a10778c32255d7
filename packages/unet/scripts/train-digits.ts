// Trains the prior `digits` that ships with the project: see --help.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ddpmConfig, trainConfig } from '@tweedie/unet'
import { trainFromCommand } from '@tweedie/unet/node'

const help = `node packages/unet/scripts/train-digits.ts --out DIR [options]
  --data DIR            the IDX files of MNIST's images        (default ../shared/data/mnist-idx)
  --steps N             optimiser steps                       (default 20000)
  --batch N --shards N  images per step, in how many parts    (default 32, 4)
  --channels A,B,C      channels of each level                (default 16,32,64)
  --layers N            residual blocks per level             (default 1)
  --groups N            groups of the norms                   (default 8)
  --no-attention        none in the last level or the middle
  --lr X --warmup N --decay cosine|linear|constant --decay-steps N
  --ema X --clip X --beta2 X --seed N
  --workers N           threads; does not change the result   (default 2)
  --resume              go on from DIR/state.safetensors if it is there; steps and decay may change as long as no
                        step done would have had another learning rate
  --log N --checkpoint SECONDS --evaluate N`

const { values: o } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    out: { type: 'string' },
    data: { type: 'string', default: resolve(import.meta.dirname, '../../../../shared/data/mnist-idx') },
    steps: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '32' },
    shards: { type: 'string', default: '4' },
    channels: { type: 'string', default: '16,32,64' },
    layers: { type: 'string', default: '1' },
    groups: { type: 'string', default: '8' },
    'no-attention': { type: 'boolean', default: false },
    lr: { type: 'string', default: '2e-3' },
    warmup: { type: 'string' },
    decay: { type: 'string', default: 'cosine' },
    'decay-steps': { type: 'string' },
    ema: { type: 'string', default: '0.995' },
    clip: { type: 'string', default: '1' },
    beta2: { type: 'string', default: '0.99' },
    seed: { type: 'string', default: '0' },
    workers: { type: 'string', default: '2' },
    resume: { type: 'boolean', default: false },
    log: { type: 'string', default: '50' },
    checkpoint: { type: 'string', default: '180' },
    evaluate: { type: 'string', default: '10000' },
  },
})
if (o.help || o.out === undefined) {
  console.log(help)
  process.exit(o.help ? 0 : 2)
}

const channels = o.channels.split(',').map(Number)
const off = channels.map(() => false)
const model = ddpmConfig({
  sampleSize: 28,
  blockOutChannels: channels,
  layersPerBlock: Number(o.layers),
  normGroups: Number(o.groups),
  ...(o['no-attention'] ? { downAttention: off, upAttention: off, midAttention: false } : {}),
})
const config = trainConfig({
  model,
  steps: Number(o.steps),
  batch: Number(o.batch),
  shards: Number(o.shards),
  seed: Number(o.seed),
  learningRate: Number(o.lr),
  decay: o.decay as 'cosine' | 'linear' | 'constant',
  emaDecay: Number(o.ema),
  clipNorm: Number(o.clip),
  beta2: Number(o.beta2),
  ...(o['decay-steps'] === undefined ? {} : { decaySteps: Number(o['decay-steps']) }),
  ...(o.warmup === undefined ? {} : { warmup: Number(o.warmup) }),
})

const controller = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(new Error(name)))
const flags = process.argv.slice(2).filter((arg) => arg !== '--resume')
const clock = (seconds: number) => new Date(1000 * seconds).toISOString().slice(11, 19)
try {
  const record = await trainFromCommand({
    data: o.data,
    config,
    out: o.out,
    workers: Number(o.workers),
    resume: o.resume,
    signal: controller.signal,
    logEvery: Number(o.log),
    saveEvery: { seconds: Number(o.checkpoint) },
    name: 'digits',
    evaluateImages: Number(o.evaluate),
    command: ['node packages/unet/scripts/train-digits.ts', ...flags].join(' '),
    onMessage: (message) => console.log(message),
    onProgress: (p) => {
      if (p.step % Number(o.log) !== 0 && p.step !== p.steps) return
      const numbers = `loss ${p.loss.toFixed(4)} average ${p.lossAverage.toFixed(4)} norm ${p.gradNorm.toFixed(3)} lr ${p.learningRate.toExponential(2)}`
      console.log(`${p.step}/${p.steps} ${numbers} ${p.imagesPerSecond.toFixed(1)} img/s eta ${clock(p.eta)}`)
    },
  })
  console.log(
    `done: test ε-MSE ${record.evaluation?.mse.toFixed(5)} on ${record.evaluation?.count} images; ${join(o.out, 'model.safetensors')}`,
  )
} catch (error) {
  if (!controller.signal.aborted || error !== controller.signal.reason) throw error
  process.exitCode = 130
}
