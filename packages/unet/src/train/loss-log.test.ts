import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { appendLoss, readLossLog, rewindLossLog } from './loss-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-log-'))
const path = join(folder, 'loss.jsonl')
afterAll(() => rmSync(folder, { recursive: true }))

const line = (step: number) =>
  JSON.stringify({ step, loss: 1, lossAverage: 1, learningRate: 1, gradNorm: 1, imagesPerSecond: 1 })
const progress = (step: number) => ({ ...JSON.parse(line(step)), steps: 9, eta: 0, state: () => undefined })
function rewound(text: string, step: number) {
  writeFileSync(path, text)
  const said: string[] = []
  rewindLossLog(path, step, (message) => said.push(message))
  return { said, text: readFileSync(path, 'utf8') }
}

const whole = `${line(1)}\n${line(2)}\n`
test.each<[string, string, number, string, string | undefined]>([
  ['stays as it is', whole, 2, whole, undefined],
  ['loses the steps that come again', `${whole}${line(3)}\n`, 2, whole, '1 of steps after 2'],
  ['loses null', `${line(1)}\nnull\n${line(2)}\n`, 2, whole, '1 that cannot be read'],
  ['loses a line that was cut off', `${whole}{"step":3,"lo`, 3, whole, '1 that cannot be read'],
  ['loses garbage', `\u0000\u0001\n[]\n3\n{"step":"1"}\n${whole}`, 2, whole, '4 that cannot be read'],
  [
    'loses lines without a number of theirs',
    `${line(1).replace('"loss":1', '"loss":null')}\n{"step":1,"loss":1}\n${whole}`,
    2,
    whole,
    '2 that cannot be read',
  ],
  ['loses steps that are none', `${line(-1)}\n${line(0.5)}\n${whole}`, 2, whole, '2 that cannot be read'],
  ['loses doubled lines', `${line(1)}\n${line(1)}\n${line(2)}\n${line(1)}\n`, 2, whole, '2 out of order'],
  ['gets the line break that was cut off', whole.slice(0, -1), 2, whole, undefined],
  ['of a run without a state goes', whole, 0, '', '2 of steps after 0'],
])('a log %s', (_, before, step, after, dropped) => {
  const { said, text } = rewound(before, step)
  expect(text).toBe(after)
  expect(said).toEqual(dropped === undefined ? [] : [`dropped lines of ${path}: ${dropped}`])
})

test('whatever is in it, what is left goes up, whole, and more can be added', () => {
  const texts = fc.oneof(
    fc.integer({ min: -2, max: 6 }).map(line),
    fc.json(),
    fc.string(),
    fc.constant('null'),
  )
  fc.assert(
    fc.property(fc.array(texts), fc.nat(6), fc.boolean(), (lines, step, cut) => {
      rewound(lines.join('\n') + (cut ? '' : '\n'), step)
      appendLoss(path, progress(step + 1))
      const { lines: left, unreadable } = readLossLog(path)
      expect(unreadable).toBe(0)
      const steps = left.map((entry) => entry.step)
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
      expect(steps.at(-1)).toBe(step + 1)
    }),
  )
})

test('where there is no log, there are no lines, and none is made', () => {
  rmSync(path)
  expect(readLossLog(path)).toEqual({ lines: [], unreadable: 0 })
  rewindLossLog(path, 3, () => undefined)
  expect(existsSync(path)).toBe(false)
})
