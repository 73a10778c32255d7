import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packPlanes } from '../../src/serve/planes.ts'
import { unpackPlanes } from './unpack.ts'

const unpacked = (packed: Uint8Array) => unpackPlanes(new Blob([Uint8Array.from(packed)]).stream())

test('weights that were packed are unpacked byte for byte', async () => {
  const weights = readFileSync(join(import.meta.dirname, '../../../unet/priors/digits/model.safetensors'))
  const packed = packPlanes(weights)
  expect(packed.length).toBeLessThan(0.87 * weights.length)
  expect(weights.equals(await unpacked(packed))).toBe(true)
  for (const bytes of [[], [1], [1, 2, 3], [1, 2, 3, 4]])
    expect([...(await unpacked(packPlanes(Uint8Array.from(bytes))))]).toEqual(bytes)
})

test('what was packed by nobody is refused', async () => {
  await expect(unpacked(new TextEncoder().encode('no such file'))).rejects.toThrow(TypeError)
})
