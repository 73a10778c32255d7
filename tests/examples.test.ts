import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { shippedPriors } from '@tweedie/unet/node'
import { describe, expect, it } from 'vitest'

const folder = resolve(import.meta.dirname, '../examples')

/** The last line each example must print. */
const endings: Readonly<Record<string, RegExp>> = {
  '01-restore-a-digit.ts': /^PSNR [\d.]+ dB before, [\d.]+ dB after$/,
  '02-against-the-exact-posterior.ts': /^\( 1, −1\) +0\.\d+ +0\.\d+$/,
  '03-gradients-of-gradients.ts': /^7: \(1\.000000, 1\.000000\)$/,
  '04-micro-engine.ts': /^largest difference from @tweedie\/autograd: \d\.\de[+-]\d+$/,
}

describe('examples', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.ts')))('%s', (name) => {
    const output = execFileSync(process.execPath, [join(folder, name)], {
      encoding: 'utf8',
      timeout: 150_000,
    })
    expect(output.trim().split('\n').at(-1)).toMatch(endings[name] ?? /never/)
  })

  it('the prior they use ships with the project', () => expect(shippedPriors()).toContain('digits'))
})
