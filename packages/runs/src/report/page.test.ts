import { expect, test } from 'vitest'
import type { MethodRecord, RunRecord } from '../record/record.ts'
import { drawReport } from './page.ts'
import { summarise } from './summary.ts'

const run = (method: string, more: Partial<MethodRecord> = {}): MethodRecord => ({
  method,
  options: { steps: 3 },
  nfe: 3,
  vjps: 0,
  seconds: 1.25,
  scores: [
    { psnr: 20, ssim: 0.5, misfit: 1 },
    { psnr: 22, ssim: 0.7, misfit: 1 },
  ],
  trace: [0, 1].map((i) => ({ i, t: 9 - i, residual: [0.1, 0.3], psnr: [10, 12] })),
  ...more,
})
const record: RunRecord = {
  tool: 'tweedie',
  format: 1,
  command: 'restore',
  argv: ['restore', '<b>.png'],
  options: {},
  seed: 0,
  prior: { name: 'white', shape: [1, 2, 2], schedule: 'vp-linear' },
  machine: { tweedie: '0', node: '24', platform: 'p', cpu: 'c', cores: 2, device: 'd' },
  started: '2026-01-01T00:00:00.000Z',
  seconds: 2,
  samples: ['1', '2'],
  tasks: [
    {
      title: 'a & b',
      operator: 'sr:2',
      sigma: 0.1,
      measured: 4,
      input: { from: 'adjoint', scores: [{ psnr: 21 }, { psnr: 22 }] },
      runs: [
        run('good', { scores: [{ psnr: 30, misfit: 1 }], mean: { psnr: 31, ssim: 0.9 }, vjps: 3 }),
        run('bad', { scores: [{ psnr: 20, misfit: 4 }] }),
        run('gone', { scores: [], error: 'it diverged' }),
      ],
    },
  ],
  notes: ['a <note>'],
  files: [],
}

test('the rows of a summary: the input, the methods with their gain, the means of samples', () => {
  const [summary] = summarise(record)
  expect(summary?.rows).toEqual([
    { kind: 'input', name: 'adjoint', scores: { psnr: 21.5 } },
    {
      kind: 'method', name: 'good', scores: { psnr: 30, misfit: 1 }, gain: 8.5, nfe: 3, vjps: 3, seconds: 1.25,
    }, // biome-ignore format: a table
    {
      kind: 'method', name: 'bad', scores: { psnr: 20, misfit: 4 }, gain: -1.5, nfe: 3, vjps: 0, seconds: 1.25,
    }, // biome-ignore format: a table
    { kind: 'method', name: 'gone', scores: {}, gain: undefined, nfe: 3, vjps: 0, seconds: 1.25 },
    { kind: 'mean', name: 'good', scores: { psnr: 31, ssim: 0.9 } },
  ])
  expect(summary?.remarks.map(({ method, says }) => `${method}${says}`)).toEqual([
    expect.stringMatching(/^bad does not beat the input: its residual is 4\.0 times that of the noise/),
    'gone: it diverged',
  ])
})

test('a report counts gradients where there are any, and residuals in units of the noise', () => {
  // ‖y − A x̂₀‖ of 4 numbers that are off by σ_y = 0.1 each.
  const trace = [0, 1].map((i) => ({ i, t: 9 - i, residual: [0.2, 0.2], psnr: [10, 12] }))
  const tasks = record.tasks.map((task) => ({
    ...task,
    runs: [run('good', { vjps: 41, trace }), run('bad', { trace })],
  }))
  const html = drawReport({ ...record, tasks }, [], () => '')
  expect([...html.matchAll(/data-title="VJP">(\d*)<\/td>/g)].map(([, count]) => count)).toEqual([
    '',
    '41',
    '',
  ])
  const level = /class="level" x1="46" x2="420" y1="([\d.]+)"/.exec(html)?.[1]
  expect(/points="46\.0,([\d.]+) 420\.0,([\d.]+)"/.exec(html)?.slice(1)).toEqual([level, level])
})

test('a report shows pictures by the addresses it is given, and escapes what came from outside', () => {
  const picture = { channels: 1 as const, height: 1, width: 1, data: Float32Array.of(0.25) }
  const panel = {
    title: 'a & b',
    columns: ['measured', 'good'],
    rows: [{ label: '1', cells: [undefined, picture], captions: [undefined, '30.0 dB'] }],
  }
  const html = drawReport(
    record,
    [{ panel, strips: [{ method: 'good', steps: [{ i: 0, picture }] }] }],
    ({ data }) => `picture:${data[0]}`,
  )
  expect(html.match(/<img src="picture:0\.25" alt="[^"]*">/g)).toEqual([
    '<img src="picture:0.25" alt="1, good">',
    '<img src="picture:0.25" alt="good, step 1">',
  ])
  expect(html).toContain('a &#38; b')
  expect(html).toContain('a &#60;note&#62;')
  expect(html).toContain('&#60;b&#62;.png')
  expect(html).not.toMatch(/<note>|<b>\.png/)
  expect(html).toContain('<span class="good">+8.50</span>')
  expect(html).toContain('<span class="bad">−1.50</span>')
  expect(html.match(/data-title="VJP">[^<]*</g)).toEqual(
    ['VJP', '', '3', '', '', ''].map((cell) => `data-title="VJP">${cell}<`),
  )
  expect(html.match(/<polyline /g)).toHaveLength(6)
  // A mean residual of 0.2 = σ_y √m is the noise level.
  const [, level] = /class="level" [^>]*y1="([^"]+)"/.exec(html) ?? []
  expect(html).toContain(`<polyline class="curve c0" points="46.0,${level} 420.0,${level}">`)
})
