import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { expectWrongUse, ran, temporaryFolder } from '../../testing.test.helper.ts'

const data = Float32Array.from({ length: 16 * 24 }, (_, i) => 0.5 + 0.4 * Math.sin(i / 7 + (i % 24) / 3))
const restoring = ['restore', 'p.png', '--operator', 'denoise', '--prior', 'photos:grey', '--steps', '3']

test('--ensemble restores by the mean of views of a picture that is not square, and the record says so', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'p.png'), encodePicture({ channels: 1, height: 16, width: 24, data }))
  const restored = async (...more: string[]) => {
    const argv = [...restoring, '--method', 'ddrm', '--out', 'out', ...more]
    expect(await ran(folder.path, argv)).toMatchObject({ code: 0 })
    const { options } = JSON.parse(readFileSync(join(folder.path, 'out/run.json'), 'utf8'))
    return { options, x: readFileSync(join(folder.path, 'out/restored.npy')) }
  }
  const plain = await restored()
  const eight = await restored('--ensemble', '8')
  expect(eight.options.prior).toBe('photos:grey@16x24:ensemble=8')
  expect(eight.options.laid.prior).toBe('photos:grey:ensemble=8')
  expect(eight.x).not.toEqual(plain.x)
  expect((await restored('--prior', eight.options.prior)).x).toEqual(eight.x)
})

test.each([
  [[...restoring, '--ensemble', '3'], /--ensemble.*It must be 1, 2, 4, 8\./],
  [
    ['restore', 'p.png', '--operator', 'denoise', '--prior', 'digits-latent', '--ensemble', '2'],
    /--prior: 'digits-latent:ensemble=2' is not on pictures/,
  ],
  [
    ['sample', '--prior', 'digits-latent', '--ensemble', '2', '--out', 'no.png'],
    /--prior: 'digits-latent:ensemble=2' is not on pictures/,
  ],
])('%o is refused', async (argv, message) => {
  using folder = temporaryFolder()
  expectWrongUse(await ran(folder.path, argv), message)
})
