// Times one training shard, primitive by primitive: node packages/unet/scripts/profile-step.ts [channels] [images] [times]
import { valueAndGrad } from '@tweedie/autograd'
import type { Interpreter, Tensor } from '@tweedie/tensor'
import {
  dispatchAt,
  getDevice,
  memory,
  normal,
  pushInterpreter,
  randomKey,
  removeInterpreter,
  resetPeak,
  scope,
  square,
  sub,
  sum,
} from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { ddpmConfig, ddpmForward, initDdpm } from '@tweedie/unet'

const channels = (process.argv[2] ?? '16,32,64').split(',').map(Number)
const images = Number(process.argv[3] ?? 16)
const times = Number(process.argv[4] ?? 5)
const config = ddpmConfig({ sampleSize: 28, blockOutChannels: channels })
const params = initDdpm(config, randomKey(0))
const x = normal(randomKey(1), [images, 1, 28, 28])
const noise = normal(randomKey(2), [images, 1, 28, 28])
const t = normal(randomKey(3), [images]).abs().mul(300)

const spent = new Map<string, { ms: number; calls: number; flop: number }>()
const clock: Interpreter = {
  run(primitive, inputs, options, level) {
    const began = performance.now()
    const out = dispatchAt(level, primitive, inputs, options)
    const ms = performance.now() - began
    let name: string = primitive
    let flop = 0
    if (primitive === 'conv2d') {
      const [, w] = inputs as readonly [Tensor, Tensor]
      const [kh, kw] = w.shape.slice(2) as [number, number]
      const kind = kh > 3 ? 'weight gradient' : `${kh}×${kw}`
      name = `conv2d ${kind} ${JSON.stringify(options).includes('[2,2]') ? 'strided' : ''} ${process.argv[5] === undefined ? '' : `[${inputs[0]!.shape}] [${w.shape}]`}`
      flop = 2 * out.size * w.shape[1]! * kh * kw
    } else if (process.argv[5] !== undefined)
      name = `${primitive} ${inputs.map((i) => `[${i.shape}]${i.isContiguous ? '' : '~'}`).join(' ')}`
    if (primitive === 'matmul') flop = 2 * out.size * inputs[0]!.shape.at(-1)!
    const entry = spent.get(name) ?? { ms: 0, calls: 0, flop: 0 }
    spent.set(name, { ms: entry.ms + ms, calls: entry.calls + 1, flop: entry.flop + flop })
    return out
  },
}
const step = () =>
  scope(() => {
    const began = performance.now()
    let forward = 0
    const [loss] = valueAndGrad((p: Params) => {
      const value = scope(() => sum(square(sub(ddpmForward(p, config, x, t), noise))))
      forward = performance.now() - began
      return value
    })(params)
    loss.dataSync()
    return { forward, total: performance.now() - began }
  })
step()
step()
resetPeak()
const plain = Array.from({ length: times }, step)
const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!
console.log(getDevice().info().notes, `peak ${(memory().peakBytes / 2 ** 20).toFixed(0)} MiB`)
console.log(
  `[${channels}] ${images} images: forward ${median(plain.map((p) => p.forward)).toFixed(1)} ms, with gradients ${median(plain.map((p) => p.total)).toFixed(1)} ms`,
)
pushInterpreter(clock)
for (let i = 0; i < times; i++) step()
removeInterpreter(clock)
for (const [name, { ms, calls, flop }] of [...spent].sort((a, b) => b[1].ms - a[1].ms).slice(0, 40)) {
  const rate = flop > 0 ? `${(flop / ms / 1e6).toFixed(1)} GFLOP/s` : ''
  console.log(
    `${(ms / times).toFixed(2).padStart(9)} ms ${String(calls / times).padStart(6)} calls  ${name} ${rate}`,
  )
}
