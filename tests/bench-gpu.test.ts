import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { loadGpu } from '@tweedie/tensor/gpu'
import { loadShippedPrior } from '@tweedie/unet/node'
import { describe, expect, test } from 'vitest'
import { hardware, requireAnswer } from '../scripts/bench-gpu/chromium.ts'
import type { Job } from '../scripts/bench-gpu/job.ts'
import { chosenJobs } from '../scripts/bench-gpu/jobs.ts'
import type { Results, Row } from '../scripts/bench-gpu/measure.ts'
import { flopsOf, measure } from '../scripts/bench-gpu/measure.ts'
import { adapterSentence } from '../scripts/bench-gpu/node.ts'
import { withEvents } from '../scripts/bench-gpu/old-dawn.ts'
import { requireCard } from '../scripts/bench-gpu/page.ts'
import type { PeerResults } from '../scripts/bench-gpu/peer.ts'
import { givenTo, readPeer, runTorch } from '../scripts/bench-gpu/peer.ts'
import { median, summary } from '../scripts/bench-gpu/summary.ts'
import { boundMs, cards, peerMs, table } from '../scripts/bench-gpu/table.ts'

// npm run bench:gpu, on a backend that is everywhere, and its peer on the processor.

const digits = async (on: string) => loadShippedPrior('digits', { device: on })
const row: Row = {
  ...{ name: 'x', ms: summary([3, 1, 2]), firstMs: 9, launches: 100, error: 0 },
  ...{ movedBytes: 256e6, flops: 14.6e6 },
}

test('counts operations of products', () => {
  const [x, w, y] = [
    [2, 8, 5, 5],
    [6, 4, 3, 3],
    [2, 6, 5, 5],
  ]
  expect(flopsOf('conv2d', [x!, w!], y!)).toBe(2 * 2 * 6 * 25 * 4 * 9)
  expect(
    flopsOf(
      'matmul',
      [
        [3, 5, 7],
        [7, 4],
      ],
      [3, 5, 4],
    ),
  ).toBe(2 * 3 * 5 * 4 * 7)
  const [q, k] = [
    [2, 10, 8],
    [2, 12, 8],
  ]
  // Scores and weighted sums of 10 × 12 pairs, eight long.
  expect(flopsOf('attention', [q!, k!, k!], q!)).toBe(2 * (2 * 2 * 10 * 12 * 8))
  expect(flopsOf('add', [[4], [4]], [4])).toBe(0)
})

test('a bound is the launches, and memory or arithmetic', () => {
  const [rtx] = cards
  expect(boundMs(row, rtx!)).toBeCloseTo(1 + 1, 9) // 100 launches of 10 µs, 256 MB at 256 GB/s
  expect(boundMs({ ...row, flops: 146e9 }, rtx!)).toBeCloseTo(1 + 10, 9)
})

test('times are told by their middle and their ends', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  const hundred = Array.from({ length: 100 }, (_, i) => 99 - i)
  expect(summary(hundred)).toEqual({ median: 49.5, low: 5, high: 95, runs: 100 })
})

async function measured(filter: string, few = false): Promise<Results & { readonly told: readonly Row[] }> {
  const device = await loadGpu({ backend: 'cpu' })
  try {
    const told: Row[] = []
    const asked = { filter, few, seconds: 0.01 }
    return {
      ...(await measure(device, digits, 'Node', asked, (one) => void ('ms' in one && told.push(one)))),
      told,
    }
  } finally {
    await device.close()
  }
}

test('measures, compares with wasm, counts launches and bytes, and tells which is which', async () => {
  const { told, ...results } = await measured('chain')
  expect(results.rows).toEqual(told)
  expect(told.map(({ name }) => name)).toEqual(['chain silu(x) · y 1M', 'chain silu(x) · y 1M + VJP'])
  const [forward, both] = told
  expect(forward?.launches).toBeGreaterThan(0)
  expect(forward?.movedBytes).toBeGreaterThanOrEqual(3 * 4 * 2 ** 20) // x, y and the result
  expect(both?.launches).toBeGreaterThan(forward?.launches ?? Infinity)
  for (const { error, ms } of told) {
    expect(error).toBeLessThan(1e-5)
    expect(ms.runs).toBeGreaterThan(0)
    expect(ms.low).toBeLessThanOrEqual(ms.median)
  }
  expect(table(results)).toMatch(/Measured: cpu, Node; .*\nBounds: not measured, but counted/)
  expect(table(results)).toMatch(/\| chain silu\(x\) · y 1M \| \d+ \| \d+ \| – \|/)
  expect(table(results)).not.toContain('PyTorch')
})

test('a recorded network says what it is run by, and counts as the function itself', async () => {
  const { rows } = await measured('digits prior @28² forward, recorded')
  expect(rows.map(({ name }) => name)).toEqual(['digits prior @28² forward, recorded'])
  const [{ executor, flops, launches, error }] = rows as [Row]
  expect(executor).toBe('calls: gpu.js runs the kernels of a plan one by one on cpu')
  expect(flops).toBeGreaterThan(2e8)
  expect(launches).toBeGreaterThan(100)
  expect(error).toBeLessThan(1e-4)
})

test('a job that fails has no row, says why, and leaves the others alone', async () => {
  const device = await loadGpu({ backend: 'cpu' })
  try {
    const without = () => Promise.reject(new Error('no weights'))
    const asked = { filter: 'digits prior ×32', seconds: 0.01 }
    const { rows, failed } = await measure(device, without, 'Node', asked)
    expect(rows).toEqual([])
    expect(failed).toEqual(
      ['forward', 'forward + VJP'].map((run) => ({
        name: `digits prior ×32 @28² ${run}`,
        why: 'no weights',
      })),
    )
  } finally {
    await device.close()
  }
})

test('the few are some of all, DPS among them with fewer steps', () => {
  const names = (few: boolean) => chosenJobs(digits, { filter: '', few }).map(({ name }) => name)
  expect(names(true)).toContain('DPS on a digit, 2 steps')
  expect(names(false)).toEqual(
    expect.arrayContaining([
      ...['DPS on a digit, 10 steps', 'DPS on a digit ×16, 10 steps', 'matmul 2048', 'conv 3×3 128→128 @64²'],
      ...['digits prior ×32 @28² forward + VJP', 'ADM U-Net 64·(1,2,2) @32² forward + VJP, recorded'],
    ]),
  )
  expect(new Set(names(false)).size).toBe(names(false).length)
  expect(names(true).length).toBeLessThan(names(false).length / 2)
  expect(() => chosenJobs(digits, { filter: 'x(' })).toThrow("--filter: no job has 'x(' in its name")
})

test('an adapter is told in a sentence, software as such', () => {
  const info = { vendor: 'nvidia', architecture: 'hopper', device: '', description: 'NVIDIA H100' }
  const said = (of: object, isFallbackAdapter?: boolean) =>
    adapterSentence(
      { info: { ...info, ...of }, ...(isFallbackAdapter && { isFallbackAdapter }) },
      'Vulkan',
      'webgpu 1',
    )
  expect(said({})).toBe('NVIDIA H100 (nvidia hopper), a graphics processor, by Vulkan through webgpu 1')
  expect(said({ isFallbackAdapter: true })).toContain('a software renderer')
  expect(said({}, true)).toContain('a software renderer')
  expect(said({ description: 'llvmpipe 256 bits' })).toContain('a software renderer')
  expect(said({ vendor: '', architecture: '', description: '' })).toContain('an unnamed adapter, a graphics')
})

test('a browser is to use the card, and its software renderer only where that is asked for', async () => {
  expect(hardware.filter((flag) => /swiftshader/i.test(flag))).toEqual([])
  if (process.platform === 'linux')
    for (const flag of ['--use-angle=vulkan', '--enable-features=Vulkan', '--disable-vulkan-surface'])
      expect(hardware).toContain(flag)
  const software = ['renderer: google swiftshader', 'software renderer: correct, and slow']
  expect(() => requireCard(software, false)).toThrow(/--software.*was not given.*google swiftshader/)
  requireCard(software, true)
  requireCard(['renderer: nvidia hopper'], false)
  const never = new Promise(() => {})
  /** A page that answers for WebGL alone. */
  const page = {
    evaluate: (asked: string) => (asked.includes('webgl2') ? Promise.resolve(true) : never),
  } as never
  await requireAnswer(page, 'webgl2', 1000)
  for (const backend of ['webgpu', undefined])
    await expect(requireAnswer(page, backend, 1)).rejects.toThrow(/no driver.*Vulkan.*--node/)
})

test('a device without events tells what went wrong between two submissions', async () => {
  const open: string[] = []
  let wrong: string | undefined
  class GPUDevice {
    pushErrorScope(filter: string) {
      open.push(filter)
    }
    async popErrorScope() {
      const message = open.pop() === 'validation' ? wrong : undefined
      return message === undefined ? null : { message }
    }
  }
  const prototype = { requestDevice: async () => new GPUDevice() }
  const submitted: unknown[] = []
  const queue = { submit: (...buffers: unknown[]) => void submitted.push(...buffers) }
  withEvents({ GPUDevice, GPUAdapter: { prototype }, GPUQueue: { prototype: queue } })
  const device = (await prototype.requestDevice()) as unknown as EventTarget & { onuncapturederror: unknown }
  const heard: string[] = []
  const hear = (name: string) => (event: unknown) =>
    void heard.push(`${name}: ${(event as { error: { message: string } }).error.message}`)
  device.addEventListener('uncapturederror', hear('listener'))
  device.onuncapturederror = hear('handler')
  queue.submit('first')
  wrong = 'no such buffer'
  queue.submit('second')
  wrong = undefined
  queue.submit('third')
  await new Promise((resolve) => setTimeout(resolve))
  expect(heard).toEqual(['listener: no such buffer', 'handler: no such buffer'])
  expect(submitted).toEqual(['first', 'second', 'third'])
  expect(open).toEqual(['validation', 'out-of-memory', 'internal'])
})

describe('beside PyTorch', () => {
  const peer: PeerResults = {
    ...{ format: 'tweedie bench gpu peer 1', date: '', host: 'PyTorch 2.11, eager', device: 'a card' },
    rows: [{ name: 'x', firstMs: 5, ms: summary([0.5]), tf32Ms: summary([0.25]) }],
    failed: [],
  }
  const after: PeerResults = {
    ...peer,
    rows: [{ name: 'x', firstMs: 5, ms: summary([1.5]), tf32Ms: summary([0.25]) }],
  }
  const results: Results = {
    ...{ format: 'tweedie bench gpu 2', date: '', host: 'Node', backend: 'webgpu', notes: [], failed: [] },
    ...{
      rows: [row, { ...row, name: 'x, recorded', movedBytes: 0 }, { ...row, name: 'y' }],
      peers: [peer, after],
    },
  }

  test('its time is the mean before and after, and ours is told over it, recorded too', () => {
    expect(peerMs([peer, after], 'x', 'ms')).toBe(1)
    expect(peerMs([peer, after], 'y', 'ms')).toBeUndefined()
    const lines = table(results).split('\n')
    expect(lines).toContain('Beside it: PyTorch 2.11, eager, on a card.')
    expect(lines.find((line) => line.startsWith('| x |'))).toMatch(
      /\| 2\.0 \| 1\.0 \| 2\.0 \| 0\.25 \| 8\.0 \| 2\.0 \|/,
    )
    expect(lines.find((line) => line.startsWith('| x, recorded |'))).toMatch(
      /\| – \|.*\| 2\.0 \| 1\.0 \| 2\.0 \| .* – \| – \|$/,
    )
    expect(lines.find((line) => line.startsWith('| y |'))).toMatch(/\| 2\.0 \| – \| – \| – \| – \|/)
  })

  test('what another program has written is refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tweedie-'))
    try {
      writeFileSync(join(folder, 'peer.json'), JSON.stringify({ ...peer, format: 'else' }))
      expect(() => readPeer(join(folder, 'peer.json'))).toThrow('not written by scripts/bench-gpu/peer.py')
      writeFileSync(join(folder, 'peer.json'), JSON.stringify(peer))
      expect(readPeer(join(folder, 'peer.json'))).toEqual(peer)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  const python = process.env['TWEEDIE_PYTHON'] ?? 'python3'
  test('computes what we do: kernels, both networks with their gradients, DPS', {
    timeout: 300_000,
  }, async (context) => {
    const { status } = spawnSync(python, ['-c', 'import torch, safetensors'])
    if (status !== 0) return context.skip(`no torch and safetensors in ${python}`)
    const parts = ['groupNorm+SiLU', 'attention', '256→256', 'digits prior @28²', 'ADM U-Net', '×16']
    const jobs: readonly Job[] = [
      ...parts.flatMap((filter) => chosenJobs(digits, { filter })),
      ...chosenJobs(digits, { filter: 'a digit, 2', few: true }),
    ]
    using given = await givenTo(jobs)
    const { rows, failed } = runTorch(given, { python, device: 'cpu', seconds: 0.001 })
    expect(failed).toEqual([])
    expect(rows.length).toBe(12)
    for (const { name, error, ms } of rows) {
      // At the noisiest time of DPS a rounding is divided by α = 0.006.
      expect(error, name).toBeLessThan(name.startsWith('DPS') ? 1e-3 : 1e-4)
      expect(ms.runs, name).toBeGreaterThan(0)
    }
  })

  test('has a row for every one of ours that is not recorded', async (context) => {
    const { status, stdout } = spawnSync(python, ['-B', 'scripts/bench-gpu/peer.py', '--list'], {
      encoding: 'utf8',
    })
    if (status !== 0) return context.skip(`no torch in ${python}`)
    const ours = [false, true]
      .flatMap((few) => chosenJobs(digits, { filter: '', few }))
      .filter((job) => job.given !== undefined)
    const missing = ours.filter(({ name }) => !stdout.split('\n').includes(name))
    expect(missing).toEqual([])
  })

  test('a python3 that cannot is named', async () => {
    using given = await givenTo(chosenJobs(digits, { filter: 'softmax' }))
    const run = () => runTorch(given, { python: 'no-such-python', device: 'cpu', seconds: 1 })
    expect(run).toThrow(/PyTorch \(no-such-python\): .*ENOENT/)
  })
})
