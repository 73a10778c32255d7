import { methods } from '@tweedie/solvers'
import { expect, test } from 'vitest'
import { optionEntries } from '../../worker/methods.ts'
import { axisField, mostValues, suggestedAxes, suggestedValues, valuesOf } from './axis.ts'

const steps = { option: 'steps', values: ['5', '10'] }
const { read, write } = axisField(steps)

test('an axis is written and read; a text that is none is refused', () => {
  expect(write({ option: 'scale', values: ['0.3', '1e-3'] })).toBe('scale~0.3,1e-3')
  expect(read('scale~0.3,1e-3')).toEqual({ option: 'scale', values: ['0.3', '1e-3'] })
  for (const text of [
    '',
    'scale',
    'scale~',
    '~1',
    'sc ale~1',
    'scale~1~2',
    'scale~a=b',
    `scale~${'1,'.repeat(3)}<`,
  ])
    expect(read(text)).toBeUndefined()
  expect(valuesOf(' 5, 10 20,5 ')).toEqual(['5', '10', '20'])
  expect(valuesOf(Array.from({ length: mostValues + 1 }, (_, k) => k).join())).toBeUndefined()
})

test('values that are suggested of an option are ones that it takes', () => {
  for (const method of methods) {
    const entries = optionEntries(method.info.options)
    const { x, y } = suggestedAxes(entries)
    expect(x?.option).not.toBe(y?.option)
    for (const axis of [x, y]) {
      if (axis === undefined) continue
      expect(axis.values.length).toBeGreaterThan(0)
      for (const value of axis.values)
        expect(
          () => methods.parse(`${method.info.name}:${axis.option}=${value}`),
          `${method.info.name} ${axis.option}=${value}`,
        ).not.toThrow()
    }
  }
  const alone = optionEntries(methods.find('dps').info.options).filter(({ name }) => name !== 'steps')
  const ordered = alone.toSorted((a, b) => Number(b.name === 'scale') - Number(a.name === 'scale'))
  expect(suggestedAxes(ordered).x?.option).toBe('scale')
  expect(suggestedAxes(ordered).y?.option).toBe('eta')
  const dps = suggestedAxes(optionEntries(methods.find('dps').info.options))
  expect([dps.x?.option, dps.y?.option]).toEqual(['steps', 'scale'])
})

test('suggested values lie about the default, or over the range', () => {
  const base = { name: 'o', doc: '', range: '', sources: [] }
  expect(suggestedValues({ ...base, otherwise: '8', control: { kind: 'integer', min: 3 } })).toEqual([
    '3',
    '4',
    '8',
    '16',
    '32',
  ])
  expect(suggestedValues({ ...base, otherwise: '1', control: { kind: 'number', min: 0, max: 1 } })).toEqual([
    '0',
    '0.25',
    '0.5',
    '0.75',
    '1',
  ])
  expect(suggestedValues({ ...base, otherwise: 'none', control: { kind: 'number' } })).toEqual([
    '0.25',
    '0.5',
    '1',
    '2',
    '4',
  ])
  expect(
    suggestedValues({ ...base, otherwise: 'a', control: { kind: 'choice', choices: ['a', 'b'] } }),
  ).toEqual(['a', 'b'])
})
