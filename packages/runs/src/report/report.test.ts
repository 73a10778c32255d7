import { describe, expect, test } from 'vitest'
import { commandLine, formatRecord, meanScore } from '../record/format.ts'
import type { MethodRecord, RunRecord, TaskRecord } from '../record/record.ts'
import { drawChart } from './curves.ts'
import { verdict } from './verdict.ts'

const run = (psnr: number, misfit: number, unseen: number): MethodRecord => ({
  method: 'm',
  options: {},
  nfe: 1,
  vjps: 0,
  seconds: 1,
  scores: [{ psnr, misfit, unseen }],
  trace: [],
})
const task: TaskRecord = {
  title: 't',
  operator: 'o',
  sigma: 0.05,
  measured: 3,
  input: { from: 'measurement', scores: [{ psnr: 12 }, { psnr: 14 }] },
  runs: [],
}

describe('the verdict', () => {
  test('a gain needs no excuse', () => {
    expect(verdict(task, run(15, 1, 0.9))).toEqual({ gain: 2, why: undefined })
    expect(verdict(task, run(15, 3, 0.9)).why).toContain('3.0 times that of the noise')
  })
  test('a loss is explained by what the numbers say', () => {
    expect(verdict(task, run(10.1, 4, 0.9)).why).toContain('does not fit the measurement yet')
    expect(verdict(task, run(9, 4, 0.9)).why).toContain('4.0 dB worse than the input: it has left')
    expect(verdict(task, run(10, 1, 0.9)).why).toContain(
      '90 % of its squared error lies where nothing was measured',
    )
    expect(verdict(task, run(12.1, 0.2, 0.1)).why).toContain('fits the noise as well (weaker guidance')
    expect(verdict(task, run(11.9, 0.2, 0.1)).why).toContain('which an inverse of the operator magnifies')
    expect(verdict(task, run(10, 1, 0.1)).why).toContain('where the measurement says little')
    expect(verdict(task, { ...run(10, 1, 0), error: 'diverged' })).toEqual({
      gain: undefined,
      why: 'diverged',
    })
  })
  test('of noise without a level, a loss is explained by what was measured', () => {
    const why = (psnr: number, unseen?: number) =>
      verdict(task, { ...run(0, 0, 0), scores: [{ psnr, ...(unseen !== undefined && { unseen }) }] }).why
    expect(why(12.6, 0)).toContain('the measured noise is still in it')
    expect(why(12.4, 0.1)).toContain('90 % of its squared error lies in what was measured')
    expect(why(12.9, 0.6)).toContain('60 % of its squared error lies where nothing was measured')
    expect(why(10)).toBe('no reason is known')
  })
})

describe('a chart', () => {
  const svg = (values: number[], log = false) =>
    drawChart({ title: 'a<b', log, curves: [{ name: 'n', color: 1, values }] })
  test('spans its axes, names its line, escapes its title', () => {
    const text = svg([0, 5, 10])
    expect(text).toContain('aria-label="a&#60;b"')
    const points = /points="([^"]+)"/
      .exec(text)![1]!
      .split(' ')
      .map((point) => point.split(',').map(Number))
    expect(points.map(([x]) => x)).toEqual([46, 233, 420])
    expect(points[0]![1]!).toBeGreaterThan(points[2]![1]!)
  })
  test('copes with what cannot be drawn', () => {
    expect(svg([])).toContain('no finite values')
    expect(svg([Number.NaN, Infinity])).toContain('no finite values')
    expect(svg([0, -1], true)).toContain('no finite values')
    expect(svg([3, 3, 3])).not.toMatch(/NaN|Infinity/)
    expect(svg([1, Number.NaN, 100], true)).not.toMatch(/NaN|Infinity/)
  })
})

test('a record as text: the same data, lists on one line', () => {
  const words = ['a "b"', 'two  spaces', 'line\nbreak', '\\']
  const record = { seed: 2 ** 53 - 1, argv: words, samples: [], files: [], x: [1, -2.5e-9, null], y: 1 / 3 }
  const text = formatRecord(record as unknown as RunRecord)
  expect(JSON.parse(text)).toEqual({ ...record, y: 0.3333333 })
  expect(text).toContain('[1, -2.5e-9, null]')
  expect(text.split('\n')).toHaveLength(9)
})

test('a command line can be typed again', () => {
  expect(commandLine(['restore', 'my file.png', "it's", 'a=1,b'])).toBe(
    `tweedie restore 'my file.png' 'it'\\''s' a=1,b`,
  )
})

test('means leave out what is not known', () => {
  expect(meanScore([{ psnr: 1 }, {}, { psnr: 3 }], 'psnr')).toBe(2)
  expect(meanScore([{}], 'psnr')).toBeUndefined()
})
