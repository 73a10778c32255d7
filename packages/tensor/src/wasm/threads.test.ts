import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Device, View } from '../device.ts'
import { DeviceError, OptionError } from '../errors.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { resultOf } from '../primitives.ts'
import type { Shape } from '../shape.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import { createWasmDevice } from './device.ts'
import { fill } from './oracle.test.helper.ts'

const counts = [1, 2, 3, 4]
const devices = counts.map((threads) => createWasmDevice({ threads }))

const upload = (device: Device, shape: Shape, seed: number): View => {
  const buffer = device.allocate('float32', sizeOf(shape))
  device.write(buffer, 'float32', fill('float32', sizeOf(shape), seed))
  return { buffer, dtype: 'float32', shape, strides: rowMajorStrides(shape), offset: 0 }
}
const free = (device: Device, { buffer, dtype, shape }: View) => device.free(buffer, dtype, sizeOf(shape))

function run(device: Device, primitive: PrimitiveName, inputs: readonly View[], params: unknown): View {
  const { shape, dtype } = resultOf(primitive, inputs, params as never)
  const call = { primitive, inputs, params: params as never, shape, dtype }
  return { buffer: device.run(call), dtype, shape, strides: rowMajorStrides(shape), offset: 0 }
}

/** Bits of a tensor, to compare as one value. */
async function digest(device: Device, { buffer, dtype, shape }: View): Promise<string> {
  const data = await device.read(buffer, dtype, sizeOf(shape))
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

const padded: PrimitiveParams['conv2d'] = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [1, 1],
    [1, 1],
  ],
}
const strided = { ...padded, stride: [2, 2] } as const
const dilated = { ...padded, lhsDilation: [2, 2] } as const
const everything = { residual: true, activation: 'silu' } as const
const groupNorm = { groups: 4, eps: 1e-5, silu: true }

// Large enough that the device does share the work.
const cases: readonly [PrimitiveName, readonly Shape[], unknown][] = [
  ['exp', [[300, 1001]], {}],
  ['add', [[1_000_003], [1_000_003]], {}],
  [
    'mul',
    [
      [7, 1, 300, 301],
      [7, 3, 1, 301],
    ],
    {},
  ],
  ['reduceSum', [[37, 30_000]], { axes: [1], keepDims: false }],
  ['reduceSum', [[900, 1001]], { axes: [0], keepDims: false }],
  ['reduceSum', [[7, 300_007]], { axes: [0, 1], keepDims: false }],
  ['reduceMax', [[8, 33, 4000]], { axes: [0, 2], keepDims: true }],
  ['pad', [[5, 700, 701]], { low: [0, 1, 2], high: [1, 0, 3] }],
  ['groupNorm', [[3, 32, 41, 43], [32], [32]], groupNorm],
  ['groupNormGradInput', [[3, 32, 41, 43], [32], [32], [3, 32, 41, 43]], groupNorm],
  ['groupNormGradAffine', [[3, 32, 41, 43], [32], [32], [3, 32, 41, 43]], groupNorm],
  ['groupNormGrad', [[3, 32, 41, 43], [32], [32], [3, 32, 41, 43]], groupNorm],
  [
    'matmul',
    [
      [257, 333],
      [333, 190],
    ],
    {},
  ],
  [
    'matmul',
    [
      [1, 2000],
      [2000, 1500],
    ],
    {},
  ],
  [
    'matmul',
    [
      [2000, 1500],
      [1500, 1],
    ],
    {},
  ],
  [
    'matmul',
    [
      [6, 130, 70],
      [6, 70, 133],
    ],
    {},
  ],
  [
    'conv2d',
    [
      [1, 20, 61, 63],
      [33, 20, 3, 3],
    ],
    padded,
  ],
  [
    'conv2d',
    [
      [7, 33, 13, 15],
      [50, 33, 3, 3],
    ],
    padded,
  ],
  [
    'conv2d',
    [
      [2, 64, 32, 32],
      [70, 64, 1, 1],
    ],
    padded,
  ],
  [
    'conv2d',
    [
      [3, 24, 41, 41],
      [30, 24, 3, 3],
    ],
    strided,
  ],
  [
    'conv2d',
    [
      [3, 24, 21, 21],
      [30, 24, 4, 4],
    ],
    dilated,
  ],
  [
    'conv2d',
    [
      [20, 5, 33, 33],
      [24, 5, 33, 33],
    ],
    padded,
  ],
  ['fusedMatmul', [[257, 333], [333, 190], [190], [257, 190]], { ...everything, bias: 'column' }],
  ['fusedMatmul', [[6, 130, 70], [6, 70, 133], [130], [6, 130, 133]], { ...everything, bias: 'row' }],
  ['fusedMatmul', [[2000, 1500], [1500, 1], [2000], [2000, 1]], { ...everything, bias: 'row' }],
  [
    'fusedConv2d',
    [[7, 33, 13, 15], [50, 33, 3, 3], [50], [7, 50, 13, 15]],
    { ...padded, ...everything, bias: 'channel' },
  ],
  [
    'fusedConv2d',
    [[3, 24, 21, 21], [30, 24, 4, 4], [30], [3, 30, 40, 40]],
    { ...dilated, ...everything, bias: 'channel' },
  ],
]

describe('results do not depend on the number of threads', () => {
  test.each(cases)('%s of %j', async (primitive, shapes, params) => {
    const digests = devices.map((device) => {
      const inputs = shapes.map((shape, i) => upload(device, shape, i + 1))
      const out = run(device, primitive, inputs, params)
      for (const view of inputs) free(device, view)
      return digest(device, out).finally(() => free(device, out))
    })
    const [alone, ...others] = await Promise.all(digests)
    expect(others.every((other) => other === alone)).toBe(true)
  })

  test('nor any sequence of operations with frees between them', async () => {
    interface Operation {
      pick: number
      size: number
      left: number
      drop: boolean
    }
    const operation: fc.Arbitrary<Operation> = fc.record({
      pick: fc.nat(5),
      size: fc.integer({ min: 150, max: 420 }),
      left: fc.nat(9),
      drop: fc.boolean(),
    })
    const play = async (device: Device, operations: readonly Operation[]) => {
      const live = [upload(device, [200, 300], 1), upload(device, [300, 250], 2)]
      const trace: string[] = []
      operations.forEach(({ pick, size, left, drop }, i) => {
        const x = live[left % live.length]!
        const rows = x.shape[0]!
        const y = upload(device, [x.shape[1]!, size], i)
        const made = [
          () => run(device, 'matmul', [x, y], {}),
          () => run(device, 'silu', [x], {}),
          () => run(device, 'mul', [x, x], {}),
          () =>
            run(device, 'contiguous', [{ ...x, shape: [x.shape[1]!, rows], strides: [1, x.shape[1]!] }], {}),
          () => run(device, 'reduceSum', [x], { axes: [0], keepDims: true }),
          () => run(device, 'affine', [x], { scale: 0.01, shift: size / 400 }),
        ][pick]!()
        free(device, y)
        live.push(made)
        if (drop && live.length > 2) free(device, live.splice(left % live.length, 1)[0]!)
      })
      for (const view of live) trace.push(await digest(device, view))
      for (const view of live) free(device, view)
      return trace
    }
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
        const [alone, ...others] = await Promise.all(devices.map((device) => play(device, operations)))
        for (const other of others) expect(other.every((bits, i) => bits === alone![i])).toBe(true)
      }),
      { numRuns: 12 },
    )
  })
})

describe('the number of threads', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
  })
  const info = (options = {}) => createWasmDevice(options).info()

  test('is what was asked for, then TWEEDIE_THREADS, then the number of cores up to 8', () => {
    vi.stubEnv('TWEEDIE_THREADS', '3')
    expect(info()).toMatchObject({
      threads: 3,
      notes: expect.arrayContaining(['threads: TWEEDIE_THREADS=3']),
    })
    expect(info({ threads: 2 })).toMatchObject({
      threads: 2,
      notes: expect.arrayContaining(['threads: as asked for']),
    })
    vi.stubEnv('TWEEDIE_THREADS', '1')
    expect(info()).toMatchObject({
      threads: 1,
      notes: expect.arrayContaining(['single-threaded: TWEEDIE_THREADS=1']),
    })
    vi.stubEnv('TWEEDIE_THREADS', '')
    vi.stubGlobal('navigator', { hardwareConcurrency: 12 })
    expect(info()).toMatchObject({
      threads: 8,
      notes: expect.arrayContaining(['threads: 12 cores, 8 at most']),
    })
  })

  test.each([0, 1.5, 65, Number.NaN])('must be sensible, not %d', (threads) => {
    expect(() => createWasmDevice({ threads })).toThrow(OptionError)
    vi.stubEnv('TWEEDIE_THREADS', `${threads}`)
    expect(() => createWasmDevice()).toThrow(/TWEEDIE_THREADS: must be an integer from 1 to 64/)
  })

  test('is 1 without shared memory, and the device says why', async () => {
    vi.stubEnv('TWEEDIE_THREADS', undefined)
    vi.stubGlobal('SharedArrayBuffer', undefined)
    const device = createWasmDevice()
    expect(device.info().threads).toBe(1)
    expect(device.info().notes.join()).toMatch(
      /single-threaded: no SharedArrayBuffer: .*Cross-Origin-Opener-Policy/,
    )
    expect(() => createWasmDevice({ threads: 2 })).toThrow(DeviceError)
    const x = upload(device, [400, 400], 1)
    const product = run(device, 'matmul', [x, x], {})
    vi.unstubAllGlobals()
    const shared = devices[1]!
    const y = upload(shared, [400, 400], 1)
    expect(await digest(device, product)).toBe(await digest(shared, run(shared, 'matmul', [y, y], {})))
  })

  test('a process with idle threads ends by itself', async () => {
    const code = `
      import { getDevice, matmul, ones } from '@tweedie/tensor'
      const x = ones([600, 600])
      for (let i = 0; i < 20; i++) matmul(x, x).dispose()
      console.log(getDevice().info().threads, matmul(x, x).dataSync()[0])`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '--eval', code],
      { cwd: import.meta.dirname, env: { ...process.env, TWEEDIE_THREADS: '4' }, timeout: 120_000 },
    )
    expect(stdout.trim()).toBe('4 600')
  })
})
