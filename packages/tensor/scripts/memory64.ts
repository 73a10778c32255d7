/**
 * What 64-bit addresses cost: each case on a device of either kind, in turns, the medians' ratio.
 * `node packages/tensor/scripts/memory64.ts [threads] [rounds]`
 */
import type { Device, View } from '../src/device.ts'
import type { PrimitiveName } from '../src/primitives.ts'
import { primitives } from '../src/primitives.ts'
import type { Shape } from '../src/shape.ts'
import { rowMajorStrides, sizeOf } from '../src/shape.ts'
import { createWasmDevice } from '../src/wasm/device.ts'

const [threads, rounds] = [Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 15)]
const devices = [undefined, 8 * 2 ** 30].map((maxBytes) =>
  createWasmDevice(maxBytes === undefined ? { threads } : { threads, maxBytes }),
)

const conv = (stride: number, pad: number) => ({
  ...{ stride: [stride, stride], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [pad, pad],
    [pad, pad],
  ],
})
const norm = { groups: 8, eps: 1e-5, silu: true }
const cases: readonly (readonly [PrimitiveName, unknown, ...Shape[]])[] = [
  ['matmul', {}, [256, 256], [256, 256]],
  ['matmul', {}, [512, 512], [512, 512]],
  ['conv2d', conv(1, 1), [1, 64, 64, 64], [64, 64, 3, 3]],
  ['conv2d', conv(1, 1), [1, 128, 32, 32], [128, 128, 3, 3]],
  ['conv2d', conv(2, 1), [1, 64, 64, 64], [64, 64, 3, 3]],
  ['conv2d', conv(1, 0), [1, 256, 32, 32], [256, 256, 1, 1]],
  ['conv2d', conv(1, 1), [64, 1, 64, 64], [64, 1, 64, 64]],
  ['groupNorm', norm, [1, 128, 64, 64], [128], [128]],
  ['groupNormGradInput', norm, [1, 128, 64, 64], [128], [128], [1, 128, 64, 64]],
  ['add', {}, [2 ** 18], [2 ** 18]],
  ['exp', {}, [2 ** 18]],
  ['reduceSum', { axes: [1], keepDims: false }, [512, 2048]],
  ['reduceSum', { axes: [0], keepDims: false }, [512, 2048]],
  ['add', {}, [1], [1]],
]

function upload(device: Device, shape: Shape): View {
  const buffer = device.allocate('float32', sizeOf(shape))
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i))
  device.write(buffer, 'float32', data)
  return { buffer, dtype: 'float32', shape, strides: rowMajorStrides(shape), offset: 0 }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

console.log(`${threads} thread(s); microseconds with 32-bit and 64-bit addresses, ratio`)
for (const [primitive, params, ...shapes] of cases) {
  const times = devices.map(() => [] as number[])
  const runs = devices.map((device) => {
    const inputs = shapes.map((shape) => upload(device, shape))
    const { shape, dtype } = primitives[primitive].infer(inputs, params as never)
    const call = { primitive, inputs, params: params as never, shape, dtype }
    return () => device.free(device.run(call), dtype, sizeOf(shape))
  })
  const repeats = shapes.every((shape) => sizeOf(shape) < 100) ? 2000 : 2
  for (let round = -3; round < rounds; round++) {
    runs.forEach((run, i) => {
      const start = performance.now()
      for (let k = 0; k < repeats; k++) run()
      if (round >= 0) times[i]!.push((1000 * (performance.now() - start)) / repeats)
    })
  }
  const [narrow, wide] = times.map(median) as [number, number]
  const name = `${primitive} ${shapes.map((shape) => shape.join('×')).join(' · ')}`
  console.log(`${name.padEnd(48)} ${narrow.toFixed(1)} ${wide.toFixed(1)} ${(wide / narrow).toFixed(2)}`)
}
