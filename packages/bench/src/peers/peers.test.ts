import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { OptionError } from '@tweedie/tensor'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { BenchCase } from '../cases/case.ts'
import { drawInputs } from '../cases/case.ts'
import { networkCases } from '../cases/networks.ts'
import type { Engine } from '../engine.ts'
import { ourDevice } from '../ours.ts'
import { relativeError } from '../run.ts'
import { chosenPeers, peerNames } from './index.ts'
import { onnxModel } from './onnx-model.ts'

const gradient = (
  op: BenchCase['op'],
  wrt: string[],
  inputs: BenchCase['inputs'],
  dy: readonly number[],
) => ({
  op,
  wrt,
  inputs: { ...inputs, dy },
})

const conv = { kind: 'conv2d', stride: 2, padding: 1 } as const
const images = { x: [2, 3, 6, 6], w: [4, 3, 3, 3] }
const norm = { kind: 'groupNormSilu', groups: 2, eps: 1e-3 } as const
const normed = { x: [2, 4, 3, 3], weight: [4], bias: [4] }
const heads = { q: [2, 5, 4], k: [2, 5, 4], v: [2, 5, 4] }

/** The kinds of U-Net, with the gradient in the image. */
const unets = networkCases.filter(({ name }) => name.endsWith('×1 forward + VJP'))

/** Small shapes, no two extents alike where an engine might swap them, through every op and gradient. */
const cases: readonly BenchCase[] = [
  { op: { kind: 'matmul' } as const, wrt: [], inputs: { a: [3, 4], b: [4, 5] } },
  { op: conv, wrt: [], inputs: images },
  gradient(conv, ['x'], images, [2, 4, 3, 3]),
  gradient(conv, ['w'], images, [2, 4, 3, 3]),
  { op: norm, wrt: [], inputs: normed },
  gradient(norm, ['x', 'weight', 'bias'], normed, [2, 4, 3, 3]),
  { op: { kind: 'softmax' } as const, wrt: [], inputs: { x: [3, 5] } },
  gradient({ kind: 'softmax' }, ['x'], { x: [3, 5] }, [3, 5]),
  { op: { kind: 'attention' } as const, wrt: [], inputs: heads },
  gradient({ kind: 'attention' }, ['q', 'k', 'v'], heads, [2, 5, 4]),
  { op: { kind: 'dft' } as const, wrt: [], inputs: { x: [2, 4, 8] } },
  ...(['x + y', 'x·y + x', 'silu(x) · y', 'exp(−x²)'] as const).map((name) => ({
    op: { kind: 'chain', name } as const,
    wrt: [],
    inputs: { x: [7], y: [7] },
  })),
].map((c) => ({ ...c, name: `${c.op.kind} ${'name' in c.op ? c.op.name : ''} ${c.wrt.join()}`, cost: null }))

/** How many of the cases each peer runs; the others it says why it cannot. */
const able: Readonly<Record<string, number>> = {
  'tfjs-wasm': 10,
  'ort-web': 10,
  'jax-js': 15,
  'gpu.js': 2,
  pytorch: 17,
  'pytorch-avx2': 17,
}

describe.each(peerNames)('%s', (name) => {
  let peer: Engine | undefined
  // PyTorch's threads would spin against ours on a busy machine.
  beforeAll(() => void vi.stubEnv('OMP_WAIT_POLICY', 'PASSIVE'))
  afterAll(async () => {
    vi.unstubAllEnvs()
    await peer?.close()
  })

  it('computes what we do, case by case', { timeout: 300_000 }, async (context) => {
    const made = await chosenPeers([name])[0]!(2)
    if ('absent' in made) return context.skip(made.absent)
    peer = made
    expect(peer.name).toBe(name)
    let ran = 0
    for (const benchCase of [...cases, ...unets]) {
      const inputs = drawInputs(benchCase)
      const prepared = await peer.prepare(benchCase, inputs)
      if ('missing' in prepared) {
        expect(prepared.missing).not.toBe('')
        continue
      }
      const ours = await ourDevice('wasm').prepare(benchCase, inputs)
      if ('missing' in ours) throw new Error(ours.missing)
      const error = relativeError(await prepared.outputs(), await ours.outputs())
      // Rounding adds up through the layers of a network.
      expect(error, benchCase.name).toBeLessThan(benchCase.op.kind === 'network' ? 1e-4 : 1e-5)
      prepared.free()
      ours.free()
      ran++
    }
    expect(ran).toBe(able[name])
  })
})

describe.skipIf(process.platform === 'win32')('pytorch-avx2', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-peers-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What is made of a python3 that says of its instructions what it is given. */
  async function heldBy(capability: string, isa: string) {
    const program = join(folder, 'python3')
    const hello = JSON.stringify({ torch: '9', threads: 2, capability, mkldnn: true })
    const lines = [
      '#!/bin/sh',
      `if [ "$1" = -c ]; then echo "$ONEDNN_MAX_CPU_ISA"; echo "onednn_verbose,v1,info,cpu,isa:${isa}"; exit; fi`,
      `read line; echo '${hello}'; cat > /dev/null`,
    ]
    writeFileSync(program, `${lines.join('\n')}\n`, { mode: 0o755 })
    vi.stubEnv('TWEEDIE_PYTHON', program)
    const made = await chosenPeers(['pytorch-avx2'])[0]!(2)
    vi.unstubAllEnvs()
    if ('absent' in made) return made.absent
    await made.close()
    return made.detail
  }

  it('says what holds it', async () => {
    expect(await heldBy('AVX2', 'Intel AVX2')).toMatch(/^PyTorch 9 CPU, AVX2, oneDNN, .*held to AVX2/)
  })
  it.each([
    ['AVX512', 'Intel AVX2'],
    ['AVX2', 'Intel AVX-512 with Intel DL Boost'],
  ])('is absent where PyTorch takes %s and oneDNN %s', async (capability, isa) => {
    const absent = await heldBy(capability, isa)
    expect(absent).toMatch(/^pytorch-avx2: it is not held to AVX2 here/)
    expect(absent).toContain(isa)
    expect(absent).toContain(capability)
  })
})

describe('chosenPeers', () => {
  it('knows all, some, and no other', () => {
    expect(chosenPeers(true).length).toBe(5)
    expect(chosenPeers(false)).toEqual([])
    expect(() => chosenPeers(['bogus'])).toThrow(OptionError)
  })
})

describe('onnxModel', () => {
  it('writes the fields of the format: version, graph, operator set', () => {
    const bytes = onnxModel({
      nodes: [{ op: 'Neg', inputs: ['x'], output: 'y' }],
      inputs: { x: [300] },
      output: 'y',
    })
    expect([...bytes.subarray(0, 3)]).toEqual([8, 8, 58])
    expect([...bytes.subarray(-4)]).toEqual([66, 2, 16, 17])
    // 300 as a varint, in the shape of x.
    expect(Buffer.from(bytes).includes(Buffer.from([10, 3, 8, 172, 2]))).toBe(true)
  })
})
