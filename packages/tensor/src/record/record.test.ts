import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GpuDevice } from '../gpu/index.ts'
import { loadGpu } from '../gpu/index.ts'
import type { Tensor } from '../index.ts'
import {
  abs,
  add,
  cast,
  concat,
  conv2d,
  exp,
  fromData,
  gather,
  getDevice,
  groupNorm,
  matmul,
  memory,
  mul,
  normal,
  randomKey,
  record,
  scope,
  sum,
  tensor,
  transpose,
  zeros,
} from '../index.ts'

/** A function with constants of all kinds, views, results of several shapes, and one that is an input. */
function body(on: string) {
  const draw = (name: number, shape: readonly number[]) => normal(randomKey(name), shape, { device: on })
  const [w, scale, shift, matrix] = [draw(1, [4, 2, 3, 3]), draw(2, [4]), draw(3, [4]), draw(4, [5, 3])]
  return (x: Tensor, t: Tensor): Tensor[] => {
    const time = exp(mul(t, abs(fromData([0.1, -0.2, 0.3, 0.4], [4], { device: x.device }))))
    const bias = add(scale, shift) // of constants alone
    const h = groupNorm(conv2d(x, w, { padding: 1, bias }), scale, shift, { groups: 2, silu: true })
    const scaled = mul(h, time.reshape([4, 1, 1]))
    void mul(scaled, 2) // nobody needs it
    const picked = gather(scaled, fromData([3, 0], [2], { dtype: 'int32', device: x.device }), 1)
    return [
      scaled,
      transpose(picked, [0, 1, 3, 2]),
      concat([x, zeros([1, 2, 4, 5], { device: x.device })], 1),
      x,
      matmul(transpose(matrix), sum(scaled, [0, 1]).transpose()),
      bias,
    ]
  }
}

const read = (xs: readonly Tensor[]) =>
  Promise.all(xs.map(async (x) => [x.shape, Array.from(await x.data())]))

describe.each(['reference', 'wasm', 'gpu on webasm', 'gpu on cpu'])('a recorded function on %s', (where) => {
  const on = where.split(' ')[0]!
  let gpu: GpuDevice | undefined
  beforeAll(async () => {
    if (on === 'gpu') gpu = await loadGpu({ backend: where.split(' ').at(-1) as 'cpu' })
  })
  afterAll(() => gpu?.close())
  const draw = (name: number, shape: readonly number[]) => normal(randomKey(name), shape, { device: on })

  test('gives the results of the function, for any inputs', async () => {
    const f = body(on)
    const program = await record(f, draw(10, [1, 2, 4, 5]), draw(11, [1]))
    for (const k of [20, 30, 40]) {
      const [x, t] = [transpose(draw(k, [1, 2, 5, 4]), [0, 1, 3, 2]), draw(k + 1, [1])]
      const [actual, expected] = [await read(await program.run(x, t)), await read(scope(() => f(x, t)))]
      if (on !== 'gpu') expect(actual).toEqual(expected)
      else
        actual.forEach(([shape, values], i) => {
          expect(shape).toEqual(expected[i]![0])
          ;(values as number[]).forEach((v, j) => expect(v).toBeCloseTo((expected[i]![1] as number[])[j]!, 5))
        })
    }
    await program.dispose()
  })

  test('does once what depends on no input, and leaves out what nobody needs', async () => {
    const f = body(on)
    const { info, dispose } = await record(f, draw(10, [1, 2, 4, 5]), draw(11, [1]))
    // mul, exp, conv, norm, mul, gather; copies of the transposed, of x and of the bias; concat; sum, product.
    expect(info.calls).toBe(12)
    expect(info.executor).toBe(where === 'gpu on webasm' ? 'fused-sync' : 'calls')
    if (where === 'gpu on cpu')
      expect(info.reason).toMatch(/gpu.js runs the kernels of a plan one by one on cpu/)
    else expect(info.reason).toBeUndefined()
    // Weights, scale, shift, the bias made of them, the matrix, zeros, four numbers and two indices.
    const constants = 4 * (72 + 4 + 4 + 4 + 15 + 40 + 4 + 2)
    if (where !== 'gpu on webasm') expect(info.bytes).toBe(constants)
    else expect(info.bytes).toBeGreaterThan(constants)
    await dispose()
  })

  test('a thousand runs leave memory where it was, and disposal gives back the rest', async () => {
    const x = draw(1, [2, 3])
    const reserved = () => getDevice(on).info().reservedBytes
    const before = memory()
    const w = draw(2, [3, 3])
    const program = await record((x) => add(matmul(x, w), 1), x)
    w.dispose() // the program holds it
    const run = async () => {
      const [y] = await program.run(x)
      await y!.data()
      y!.dispose()
    }
    await run()
    const [held, bytes] = [memory(), reserved()]
    for (let i = 0; i < 1000; i++) await run()
    expect(memory()).toMatchObject({ tensors: held.tensors, buffers: held.buffers, bytes: held.bytes })
    expect(reserved()).toBe(bytes)
    await program.dispose()
    expect(memory()).toMatchObject({ tensors: before.tensors, buffers: before.buffers, bytes: before.bytes })
    await expect(program.run(x)).rejects.toThrow(/disposed of/)
    x.dispose()
  })
})

test('what cannot be recorded, and inputs that do not fit, are typed errors', async () => {
  const x = tensor([1, 2])
  const before = memory().tensors
  await expect(record((x) => mul(x, Number(x.dataSync()[0])), x)).rejects.toThrow(
    /^record: the function looks at values/,
  )
  await expect(record((x) => mul(x, zeros([2], { device: 'reference' })), x)).rejects.toThrow(
    /inputs are on wasm and reference/,
  )
  await expect(record(() => x)).rejects.toThrow(/needs an example/)
  expect(memory().tensors).toBe(before)
  const program = await record((a, b) => add(a, cast(b, 'float32')), x, tensor([true, false]))
  const b = tensor([true, true])
  await expect(program.run(x)).rejects.toThrow(/takes 2 inputs, got 1/)
  await expect(program.run(tensor([1, 2, 3]), b)).rejects.toMatchObject({ name: 'ShapeError' })
  await expect(program.run(x, x)).rejects.toMatchObject({ name: 'DTypeError' })
  await expect(program.run(zeros([2], { device: 'reference' }), b)).rejects.toThrow(/input 0 is on reference/)
  await program.dispose()
})

test('a call that fails frees what was made before it', async () => {
  const x = tensor([0, 1])
  const indices = fromData([0, 1], [2], { dtype: 'int32' })
  const program = await record((x, i) => gather(exp(x), i), x, indices)
  const beyond = fromData([0, 7], [2], { dtype: 'int32' })
  const used = () => getDevice('wasm').info().memory!.used
  const before = [memory().buffers, used()]
  await expect(program.run(x, beyond)).rejects.toThrow(/7/)
  expect([memory().buffers, used()]).toEqual(before)
  await program.dispose()
})
