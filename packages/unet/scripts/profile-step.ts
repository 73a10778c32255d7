// Times one training shard, primitive by primitive (each call: the best of `times` runs, so that a busy machine
// disturbs little): node packages/unet/scripts/profile-step.ts [channels] [images] [times] [shapes]
import { valueAndGrad } from '@tweedie/autograd'
import type { Interpreter } from '@tweedie/tensor'
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
const withShapes = process.argv[5] === 'shapes'
const config = ddpmConfig({ sampleSize: 28, blockOutChannels: channels })
const params = initDdpm(config, randomKey(0))
const x = normal(randomKey(1), [images, 1, 28, 28])
const noise = normal(randomKey(2), [images, 1, 28, 28])
const t = normal(randomKey(3), [images]).abs().mul(300)

interface Call {
  readonly name: string
  readonly flop: number
  ms: number
}
const calls: Call[] = []
let at = 0

const clock: Interpreter = {
  run(primitive, inputs, options, level) {
    const began = performance.now()
    const out = dispatchAt(level, primitive, inputs, options)
    const ms = performance.now() - began
    const [a, b] = inputs
    let name: string = primitive
    let flop = 0
    if (primitive === 'conv2d') {
      const [kh, kw] = b!.shape.slice(2) as [number, number]
      name += kh > 3 ? ' weight gradient' : ` ${kh}×${kw}`
      flop = 2 * out.size * b!.shape[1]! * kh * kw
    } else if (primitive === 'matmul') flop = 2 * out.size * a!.shape.at(-1)!
    if (withShapes) name += inputs.map((i) => ` [${i.shape}]${i.isContiguous ? '' : '~'}`).join('')
    const known = calls[at]
    if (known === undefined) calls.push({ name, flop, ms })
    else known.ms = Math.min(known.ms, ms)
    at++
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
resetPeak()
const plain = Array.from({ length: times }, step)
const best = (list: number[]) => Math.min(...list).toFixed(1)
pushInterpreter(clock)
for (let i = 0; i < times; i++) {
  at = 0
  step()
}
removeInterpreter(clock)

const rows = new Map<string, { ms: number; calls: number; flop: number }>()
for (const { name, ms, flop } of calls) {
  const row = rows.get(name) ?? { ms: 0, calls: 0, flop: 0 }
  rows.set(name, { ms: row.ms + ms, calls: row.calls + 1, flop: row.flop + flop })
}
const forward = best(plain.map((p) => p.forward))
const total = best(plain.map((p) => p.total))
const peak = (memory().peakBytes / 2 ** 20).toFixed(0)
console.log(
  `[${channels}], ${images} images: forward ${forward} ms, with gradients ${total} ms, peak ${peak} MiB`,
)
console.log(getDevice().info().notes.join('; '))
for (const [name, { ms, calls: n, flop }] of [...rows].sort((a, b) => b[1].ms - a[1].ms).slice(0, 40)) {
  const rate = flop > 0 ? `${(flop / ms / 1e6).toFixed(1)} GFLOP/s` : ''
  console.log(`${ms.toFixed(2).padStart(8)} ms ${String(n).padStart(5)} calls  ${name}  ${rate}`)
}
