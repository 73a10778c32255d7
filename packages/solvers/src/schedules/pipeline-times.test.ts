import { OptionError } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import type { PipelineGrid } from '../types.ts'
import { pipelineTimes, respace, vpContinuous, vpLinear } from './index.ts'

const schedule = vpLinear()
const grid = (of: Partial<PipelineGrid> = {}): PipelineGrid => ({
  spacing: 'leading',
  offset: 0,
  last: 'clean',
  ...of,
})
const text = (...args: Parameters<typeof pipelineTimes>) =>
  pipelineTimes(...args).map(({ t, s }) => `${t} ${s}`)

it('DDPM goes from each time to the next, and to the clean image', () => {
  for (const spacing of ['leading', 'trailing', 'linspace'] as const)
    for (const steps of [2, 7, 50, 1000])
      expect(pipelineTimes(schedule, steps, grid({ spacing, last: 'index-0' }), 'next')).toEqual(
        respace(schedule, steps, spacing),
      )
})

it('DDIM goes down by ⌊T/n⌋, wherever the next time is, and to where it is told', () => {
  expect(text(schedule, 3, grid({ spacing: 'linspace' }), 'stride')).toEqual(['999 666', '500 167', '0 -1'])
  expect(text(schedule, 3, grid({ spacing: 'trailing', last: 'index-0' }), 'stride')).toEqual([
    '999 666',
    '666 333',
    '332 0',
  ])
  expect(text(schedule, 2, grid({ last: 'index-0' }), 'stride')).toEqual(['500 0', '0 0'])
  // 1000/7 = 142.86
  expect(text(schedule, 7, grid({ spacing: 'linspace' }), 'stride')[0]).toBe('999 857')
})

it('an offset is added to leading times alone', () => {
  expect(text(schedule, 2, grid({ offset: 3 }), 'next')).toEqual(['503 3', '3 -1'])
  expect(text(schedule, 2, grid({ offset: 3, spacing: 'trailing' }), 'next')).toEqual(['999 499', '499 -1'])
})

it('one step starts at T−1', () => {
  for (const spacing of ['leading', 'trailing', 'linspace'] as const)
    expect(text(schedule, 1, grid({ spacing, offset: 1 }), 'stride')).toEqual(['999 -1'])
})

it('refuses what has no times, too many steps and times beyond the last', () => {
  const { discreteSteps: T = 0 } = schedule
  for (const steps of [0, 1.5, T + 1])
    expect(() => pipelineTimes(schedule, steps, grid(), 'next')).toThrow(
      `must be a whole number from 1 to the 1000 of schedule 'vp-linear', got ${steps}`,
    )
  expect(() => pipelineTimes(vpContinuous(), 3, grid(), 'next')).toThrow("'vp-continuous' has none")
  expect(() => pipelineTimes(schedule, T, grid({ offset: 1 }), 'next')).toThrow(
    "'leading' with an offset of 1 would start 1000 steps at t = 1000, beyond T−1 = 999",
  )
  expect(() => pipelineTimes(schedule, 600, grid(), 'next')).toThrow(OptionError)
})
