import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserPage } from './browser.ts'
import { findChromium, openBrowser } from './browser.ts'

// The shipped network on the gpu device of a browser: as on wasm, and in how many kernels.

let page: BrowserPage | undefined
beforeAll(async () => {
  if (findChromium() !== undefined) page = await openBrowser({ skip: () => expect.unreachable() } as never)
})
afterAll(() => page?.[Symbol.asyncDispose]())

/** Twenty steps of both methods take a software renderer some 100 seconds of a processor on either backend. */
const steps = 20

/** Milliseconds that they may take on a busy machine. */
const patience = 900_000

/** Kernels that a forward pass may take, and one with the gradient in the picture. */
const most = { forward: 130, gradient: 300 }

describe.each(['webgl2', 'webgpu'] as const)('the digits prior on %s', (backend) => {
  const run = (context: { skip(note?: string): never }, code: string): Promise<unknown> =>
    (page ?? context.skip('no Chromium found (install it, or set CHROMIUM)')).run(`
      import { vjp } from '@tweedie/autograd'
      import { fromData, memory, normal, randomKey, scope } from '@tweedie/tensor'
      import { loadGpu } from '@tweedie/tensor/gpu'
      import { ddpmFormat, fetchNetwork, predictor } from '@tweedie/unet'
      const gpu = (globalThis['${backend}'] ??= await loadGpu({ backend: '${backend}' }))
      const network = (device: string) => fetchNetwork([ddpmFormat], '/packages/unet/priors/digits', { device })
      ${code}`)

  test('forward and gradient agree with wasm, in few kernels, and free what they made', async (context) => {
    const code = `
      const values = normal(randomKey(1), [1, 1, 28, 28], { device: 'reference' }).dataSync()
      const of = async (device: string) => {
        const predict = predictor(await network(device))
        const x = fromData(values, [1, 1, 28, 28], { device })
        const launched = () => (device === 'gpu' ? gpu.stats().launches : 0)
        const began = launched()
        const before = memory().tensors
        const out = predict(x, 500)
        const forward = launched() - began
        const results = scope(() => {
          const [y, pullback] = vjp((xt: typeof x) => predict(xt, 500), x)
          return [y, ...pullback(y)]
        })
        const gradient = launched() - began - forward
        const more = memory().tensors - before
        const read = await Promise.all([out, ...results].map(async (t) => Array.from(await t.data())))
        return { read, forward, gradient, more }
      }
      export default { wasm: await of('wasm'), gpu: await of('gpu') }`
    interface Found {
      readonly read: readonly (readonly number[])[]
      readonly forward: number
      readonly gradient: number
      readonly more: number
    }
    const { wasm, gpu } = (await run(context, code)) as { readonly wasm: Found; readonly gpu: Found }
    gpu.read.forEach((values, k) => {
      const expected = wasm.read[k]!
      const size = Math.max(...expected.map(Math.abs))
      values.forEach((v, i) => void expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-4 * size))
    })
    expect(gpu.forward).toBeLessThanOrEqual(most.forward)
    expect(gpu.gradient).toBeLessThanOrEqual(most.gradient)
    expect(gpu.more).toBe(3)
  })

  test('recorded, it is one plan on WebGPU, with the same results', async (context) => {
    if (backend === 'webgl2') context.skip('gpu.js calls the kernels of a plan one by one on WebGL 2')
    const code = `
      import { record } from '@tweedie/tensor'
      const values = normal(randomKey(1), [1, 1, 28, 28], { device: 'reference' }).dataSync()
      const input = (device: string) => [fromData(values, [1, 1, 28, 28], { device }), fromData([300], [1], { device })]
      const predict = predictor(await network('gpu'))
      const program = await record((x, t) => predict(x, t), ...input('gpu'))
      const onWasm = predictor(await network('wasm'))
      const expected = Array.from(await onWasm(...input('wasm')).data())
      const differences: number[] = []
      const reserved: number[] = []
      const given = input('gpu')
      for (let i = 0; i < 3; i++) {
        const [y] = await program.run(...given)
        const found = await y.data()
        y.dispose()
        differences.push(Math.max(...expected.map((v, k) => Math.abs(v - found[k]!))))
        reserved.push(gpu.info().reservedBytes)
      }
      const { info } = program
      await program.dispose()
      export default { info, differences, grown: reserved[2]! - reserved[1]! }`
    const found = (await run(context, code)) as {
      readonly info: { readonly launches: number; readonly reason?: string }
      readonly differences: readonly number[]
      readonly grown: number
    }
    expect(found).toMatchObject({ info: { executor: 'fused-encoder' } })
    expect(found.grown).toBeLessThanOrEqual(0)
    expect(found.info.reason).toBeUndefined()
    expect(found.info.launches).toBeLessThanOrEqual(most.forward)
    for (const difference of found.differences) expect(difference).toBeLessThan(1e-5)
  })

  test.for(['ddrm', 'dps'])(
    '%s restores a digit as on wasm',
    { timeout: patience },
    async (method, context) => {
      const code = `
      import { ddrm, dps, epsilonPrior, gaussianNoise, inpaint, psnr, run, vpLinear } from '@tweedie/solvers'
      const restored = async (device: string) => {
        const predict = predictor(await network(device))
        const prior = epsilonPrior({
          name: 'digits', shape: [1, 28, 28], schedule: vpLinear(), clip: [-1, 1], predictNoise: predict,
        })
        const truth = Float32Array.from({ length: 784 }, (_, i) => {
          const [row, column] = [Math.floor(i / 28), i % 28]
          return Math.abs(Math.hypot(row - 14, column - 14) - 8) < 2 ? 1 : -1 // an O
        })
        const x = fromData(truth, [1, 1, 28, 28], { device })
        const operator = inpaint(prior.shape, { box: 10 })
        const noise = gaussianNoise(0.05)
        const y = noise.sample([randomKey(1).fold(0)], operator.forward(x))
        const [score] = await psnr(await run(${method}({ operator, noise, y }, prior, { steps: ${steps}, seed: 1 })), x)
        return score
      }
      export default [await restored('wasm'), await restored('gpu')]`
      const [wasm, gpu] = (await run(context, code)) as [number, number]
      expect(Math.abs(wasm - gpu)).toBeLessThan(0.1)
    },
  )
})
