import type { Device } from './device.ts'

/**
 * What synchronous work returns that may read at once (`dataSync`), also on a device that cannot be waited for, such as
 * WebGPU: there the work is broken off where it reads, and run again when the values are there, without computing again
 * what it has computed. So it must do the same every time, and change nothing but tensors of its own; `ifRunAgain` takes
 * back a count. On all other devices it runs once, and its result is no promise.
 *
 * @throws {DeviceError} where values could not be read.
 * @example
 * ```ts
 * import { getDevice, scope, settled, tensor } from '@tweedie/tensor'
 * const halvings = (x = tensor([40])) => scope(() => {
 *   let n = 0
 *   for (let y = x; y.dataSync()[0]! > 1; y = y.div(2)) n++
 *   return n
 * })
 * await settled(getDevice(), halvings) // => 6
 * ```
 */
export function settled<T>(device: Device | undefined, work: () => T): T | Promise<T> {
  return device?.settle?.(work) ?? work()
}

let undos: (() => void)[] | undefined

/** Says how to take back what work has done besides computing, such as counting, where it is broken off in {@link settled}. */
export function ifRunAgain(undo: () => void): void {
  undos?.push(undo)
}

/** Runs work, and takes back what it has done where `brokenOff` says so afterwards. */
export function undoing<T>(work: () => T, brokenOff: () => boolean): T {
  const outer = undos
  const mine: (() => void)[] = []
  undos = mine
  try {
    return work()
  } finally {
    undos = outer
    if (brokenOff()) for (const undo of mine.reverse()) undo()
  }
}
