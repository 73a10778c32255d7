import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { findWeights } from './weights.ts'

test('of several usual files safetensors come first, then the order of names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-weights-'))
  const found = () => basename(findWeights(folder).path)
  try {
    const names = [
      'pytorch_model.pth',
      'model.pt',
      'diffusion_pytorch_model.bin',
      'model.safetensors.index.json',
      'model.safetensors',
      'diffusion_pytorch_model.safetensors',
    ]
    for (const name of names) {
      writeFileSync(join(folder, name), '')
      expect(found()).toBe(name)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
