import type { Picture } from '@tweedie/runs'
import type { Key } from '@tweedie/tensor'
import { randomIntegers, randomKey } from '@tweedie/tensor'
import { heldOutDigits } from '@tweedie/unet/node'

/** A handwritten digit of MNIST, none of which the shipped digits prior was trained on. */
export interface Digit {
  /** Such as `3 #512`: the class, and the number within the class. */
  readonly name: string
  readonly picture: Picture
}

/** Three decimals, the precision of the set that the documented numbers were measured on. */
const rounded = (value: number) => Math.round(value * 1000) / 1000

/**
 * The first `count` digits of the demo: 0 to 9 in turn, each an example that a fixed random draw picks, so
 * that every run shows the same ones whatever its seed.
 */
export const demoDigits = (count: number): Digit[] => drawDigits(randomKey(0).fold('demo digits'), count)

/** Held-out digits, 0 to 9 in turn, each an example that a key picks. */
export function drawDigits(root: Key, count: number): Digit[] {
  const { images, labels } = heldOutDigits()
  const [channels, height, width] = images.shape
  const size = channels * height * width
  return Array.from({ length: count }, (_, i) => {
    const digit = i % 10
    const first = labels.indexOf(digit)
    const which = randomIntegers(root.fold(i), labels.lastIndexOf(digit) + 1 - first, 1)[0]!
    const at = (first + which) * size
    const data = Float32Array.from(images.pixels.subarray(at, at + size), (v) => rounded(v / 255))
    return { name: `${digit} #${which}`, picture: { channels: 1, height, width, data } }
  })
}
