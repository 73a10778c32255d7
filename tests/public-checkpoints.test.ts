// Checkpoints that other people trained with PyTorch, under networks written with the layer kit in `examples/checkpoints`.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, memory, scope } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { paramsOf, parseNpz, readImage, writeNpy } from '@tweedie/unet'
import { heldOutDigits, readParams } from '@tweedie/unet/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { epsilon as ofDdpm } from '../examples/checkpoints/ddpm-mnist.ts'
import { epsilon as ofResidual } from '../examples/checkpoints/residual-unet.ts'
import { skipUnlessShared } from './shared.ts'

const root = resolve(import.meta.dirname, '..')
const plain = ['checkpoints', 'ddpm-brianpulfer'] as const
const residual = ['checkpoints', 'ddpm-franfee-unet-res'] as const

interface Public {
  readonly folder: readonly string[]
  readonly weights: string
  readonly golden: string
  readonly epsilon: (p: Params, x: Tensor, t: number) => Tensor
  /** Modules that the example consists of, the first being the prior. */
  readonly modules: readonly string[]
  /** Whether it knows digits. */
  readonly digits: boolean
}

const all: Readonly<Record<string, Public>> = {
  'ddpm-mnist': {
    folder: plain,
    weights: 'ddpm_mnist.pt',
    golden: 'golden_mnist.npz',
    epsilon: ofDdpm,
    modules: ['ddpm-mnist.ts'],
    digits: true,
  },
  fashion: {
    folder: plain,
    weights: 'ddpm_fashion.pt',
    golden: 'golden_fashion.npz',
    epsilon: ofDdpm,
    modules: ['fashion.ts', 'ddpm-mnist.ts'],
    digits: false,
  },
  'residual-unet': {
    folder: residual,
    weights: 'model_unet_res.pth',
    golden: 'golden.npz',
    epsilon: ofResidual,
    modules: ['residual-unet.ts'],
    digits: true,
  },
}

interface Scored {
  readonly scores: readonly { readonly psnr: number }[]
}

/** What `restore --json` prints, as far as it is looked at here. */
interface Report {
  readonly tasks: readonly { readonly input: Scored; readonly runs: readonly Scored[] }[]
}

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tweedie-public-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries(all))(
  '%s',
  (name, { folder: at, weights, golden, epsilon, modules, digits }) => {
    test("gives PyTorch's output", (context) => {
      const [file, expected] = [weights, golden].map((part) => skipUnlessShared(context, ...at, part))
      const before = memory().tensors
      scope(() => {
        const p = paramsOf(readParams(file!))
        const { entries, values } = parseNpz(readFileSync(expected!), golden)
        const io = Object.fromEntries(entries.map(({ name, shape }) => [name, fromData(values(name), shape)]))
        const times = Array.from(io['t']!.dataSync())
        const out = concat(times.map((t, n) => epsilon(p, io['x']!.slice([n, n + 1]), t)))
        const [a, b] = [Array.from(out.dataSync()), Array.from(io['eps']!.dataSync())]
        expect(a.length).toBe(b.length)
        const worst = Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / Math.max(...b.map(Math.abs))
        expect(worst).toBeLessThan(1e-5)
      })
      expect(memory().tensors).toBe(before)
    })

    test('is a prior of the command line beside its checkpoint', (context) => {
      const file = skipUnlessShared(context, ...at, weights)
      copyFileSync(file, join(folder, weights))
      for (const module of modules)
        copyFileSync(join(root, 'examples/checkpoints', module), join(folder, module))
      const cli = (...args: string[]) =>
        execFileSync(process.execPath, [join(root, 'packages/cli/src/main.ts'), ...args], {
          cwd: folder,
          encoding: 'utf8',
          timeout: 120_000,
        })
      if (!digits) {
        expect(
          cli('sample', '--prior', './fashion.ts', '--n', '2', '--steps', '3', '--out', 'f.png'),
        ).toMatch(/f\.png/)
        return
      }
      const pixels = new Float32Array(784)
      readImage(heldOutDigits().images, 3, pixels, 0)
      writeFileSync(join(folder, 'digit.npy'), writeNpy({ values: pixels, shape: [1, 28, 28] }))
      const how = ['--operator', 'sr:2', '--method', 'ddrm', '--steps', '50', '--seed', '1', '--json']
      const json = cli('restore', 'digit.npy', '--prior', `./${modules[0]}`, ...how, '--out', `out-${name}`)
      const { tasks } = JSON.parse(json) as Report
      const [before, after] = [tasks[0]!.input, tasks[0]!.runs[0]!].map(({ scores }) => scores[0]!.psnr)
      expect(after! - before!).toBeGreaterThan(3) // about 5 dB
    })
  },
)
