import { choice, integer } from '@tweedie/solvers'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { names, noiseOption, settingsOption, specOption } from './options.ts'

const command = () =>
  new Command('c')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addOption(specOption('--steps <n>', integer('steps', { default: 30, min: 1, max: 1000 })))
    .addOption(specOption('--other <n>', integer('more', { min: 0, otherwise: 'as many' })))
    .addOption(specOption('--how <word>', choice('how', ['fast', 'slow'])))
    .addOption(specOption('--what <names>', names('what', { default: ['a', 'b'] })))
    .addOption(noiseOption(0.05))
    .addOption(settingsOption())

const given = (...argv: string[]) => command().parse(argv, { from: 'user' }).opts()

test('defaults, values and help come from the description', () => {
  const standard = { steps: 30, how: 'fast', what: ['a', 'b'], noise: 0.05 }
  expect(given()).toEqual(standard)
  expect(given('--steps', '5', '--other', '0')).toEqual({ ...standard, steps: 5, other: 0 })
  expect(given('--how', 'slow', '--what', 'b, c,b').what).toEqual(['b', 'c'])
  expect(given('--noise', '0.2').noise).toBe(0.2)
  expect(given('--noise', 'poisson:peak=30').noise).toBe('poisson:peak=30')
  expect(given('--set', 'eta=1', '--set', 'a=b=c').set).toEqual({ eta: '1', a: 'b=c' })
  const help = command().configureHelp({ helpWidth: 200 }).helpInformation()
  expect(help).toContain('--steps <n>         steps (default: 30)\n')
  expect(help).toContain('--other <n>         more (default: as many)\n')
  expect(help).toContain('--how <word>        how (choices: "fast", "slow", default: "fast")\n')
  expect(help).toContain('--what <names>      what (default: a,b)\n')
})

describe('what does not fit is refused, with what would', () => {
  test.each([
    ['--steps', '0', 'It must be an integer from 1 to 1000.'],
    ['--steps', '2.5', 'It must be an integer from 1 to 1000.'],
    ['--steps', '', 'It must be an integer from 1 to 1000.'],
    ['--other', '-1', 'It must be an integer of at least 0.'],
    ['--how', 'Fast', 'It must be fast | slow.'],
    ['--what', 'a,,b', 'It must be names separated by commas.'],
    ['--noise', '-0.1', 'It must be a number of at least 0, or a law of noise such as poisson:peak=30.'],
    ['--noise', '', 'It must be a number of at least 0, or a law of noise such as poisson:peak=30.'],
    ['--set', 'eta', 'It must look like eta=0.85.'],
  ])('%s %j', (flag, text, message) => {
    expect(() => given(`${flag}=${text}`)).toThrow(message)
  })
})
