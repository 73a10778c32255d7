import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseNpy, writeNpy } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'

test('kernel-blur:kernel=FILE: a point becomes the kernel, from an array or from a picture', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  // One white pixel in black, at row 10 and column 12.
  const data = Float32Array.from({ length: 784 }, (_, i) => (i === 10 * 28 + 12 ? 1 : 0))
  writeFileSync(at('x.png'), encodePicture({ channels: 1, height: 28, width: 28, data }))
  writeFileSync(at('k.npy'), writeNpy({ shape: [1, 3], values: Float32Array.of(10, 20, 170) }))
  const taps = Float32Array.of(10 / 255, 20 / 255, 170 / 255)
  writeFileSync(at('k.png'), encodePicture({ channels: 1, height: 1, width: 3, data: taps }))
  for (const kernel of ['k.npy', 'k.png']) {
    const operator = `kernel-blur:kernel=${kernel},boundary=zero`
    const { code, err } = await ran(folder.path, [
      ...['restore', 'x.png', '--prior', 'white', '--steps', '2', '--method', 'dps', '--noise', '0.01'],
      ...['--operator', operator, '--out', 'out'],
    ])
    expect([code, err]).toEqual([0, ''])
    const y = parseNpy(readFileSync(at('out/measurement.npy')), 'measurement.npy').values()
    // Zeros beyond the border are mid-grey, and black is −1; noise of 0.01 stays within 0.1.
    for (const [column, tap] of [10, 20, 170].entries())
      expect(Math.abs(y[10 * 28 + 11 + column]! - (tap / 100 - 1))).toBeLessThan(0.1)
    expect(Math.abs(y[10 * 28 + 14]! + 1)).toBeLessThan(0.1)
    const { inputs } = JSON.parse(readFileSync(at('out/run.json'), 'utf8'))
    expect(inputs.map(({ file }: { file: string }) => file)).toEqual(['x.png', kernel])
  }
})
