import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { vjp } from '@tweedie/autograd'
import { runCli } from '@tweedie/cli'
import type { Tensor } from '@tweedie/tensor'
import { fromData, memory, scope } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { architectureOf, parseNpz, parseTorch } from '@tweedie/unet'
import { loadNetwork } from '@tweedie/unet/node'
import { expect, test } from 'vitest'
import { skipUnlessShared } from './shared.ts'

/** Largest difference relative to the largest magnitude. */
function relativeError(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape)
  const [a, b] = [Array.from(actual.dataSync()), Array.from(expected.dataSync())]
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / Math.max(...b.map(Math.abs))
}

test.for(['adm-scale-shift-updown', 'adm-plain-conv-resample'])(
  "%s: guided-diffusion's own checkpoint, output and vjp",
  (golden, context) => {
    const path = (file: string) => skipUnlessShared(context, 'goldens', golden, file)
    const before = memory().tensors
    scope(() => {
      const { config, params } = loadNetwork(dirname(path('model.pt')))
      const source = parseTorch(readFileSync(path('model.pt')), 'model.pt')
      expect(Object.keys(params)).toEqual(source.entries.map(({ name }) => name))
      const file = parseNpz(readFileSync(path('io.npz')), 'io.npz')
      const io = Object.fromEntries(
        file.entries.map(({ name, shape }) => [name, fromData(file.values(name), shape)]),
      ) as Record<'x' | 't' | 'out' | 'cotangent' | 'vjp', Tensor>
      const { forward } = architectureOf(config)
      const run = (p: Params, x: Tensor) => forward(p, config, x, io.t)
      const [out, pullback] = vjp((x: Tensor) => run(params, x), io.x)
      expect(relativeError(run(params, io.x), io.out)).toBeLessThan(1e-5)
      expect(relativeError(out, io.out)).toBeLessThan(1e-5)
      expect(relativeError(pullback(io.cotangent)[0], io.vjp)).toBeLessThan(1e-5)
    })
    expect(memory().tensors).toBe(before)
  },
)

test.for(['adm-scale-shift-updown', 'adm-plain-conv-resample'])(
  '%s: tweedie unet gives the same',
  async (golden, context) => {
    const path = (file: string) => skipUnlessShared(context, 'goldens', golden, file)
    const folder = mkdtempSync(join(tmpdir(), 'tweedie-golden-'))
    try {
      const [x, out] = [path('io.npz'), join(folder, 'out.npz')]
      const argv = ['unet', path('model.pt'), '--x', x, '--t', x, '--cotangent', x, '--out', out]
      let said = ''
      const io = {
        cwd: folder,
        out: () => {},
        err: (text: string) => void (said += text),
        terminal: undefined,
        color: false,
      }
      expect([await runCli(argv, { ...io, signal: new AbortController().signal }), said]).toEqual([0, ''])
      const [wanted, found] = [x, out].map((file) => parseNpz(readFileSync(file), file))
      for (const name of ['out', 'vjp']) {
        const [a, b] = [found, wanted].map((file) => file?.values(name) ?? new Float32Array(0))
        const most = Math.max(...(b ?? []).map(Math.abs))
        a?.forEach((value, i) => expect(Math.abs(value - (b?.[i] ?? 0))).toBeLessThan(1e-5 * most))
        expect(a?.length).toBe(b?.length)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test('a trained checkpoint of another architecture is read', (context) => {
  const path = skipUnlessShared(context, 'checkpoints', 'ddpm-brianpulfer', 'ddpm_mnist.pt')
  const source = parseTorch(readFileSync(path), path)
  let total = 0
  for (const { name, shape } of source.entries) {
    const values = source.values(name)
    expect(values.length).toBe(shape.reduce((product, extent) => product * extent, 1))
    expect(values.every(Number.isFinite)).toBe(true)
    total += values.length
  }
  expect(total).toBe(606_852)
})
