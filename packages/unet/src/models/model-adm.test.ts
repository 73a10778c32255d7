import { join } from 'node:path'
import { randomKey, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { admConfig } from '../architectures/adm/config.ts'
import { admConfigToGuided } from '../architectures/adm/guided.ts'
import { initAdm } from '../architectures/adm/init.ts'
import { saveSafetensors } from '../checkpoint/file.ts'
import { loadNetwork } from './folder.ts'
import { folderOf, host, numbers, renamed } from './folders.test.helper.ts'
import { findModel } from './model.ts'

describe('adm', () => {
  const adm = admConfig({
    imageSize: 8,
    modelChannels: 32,
    channelMult: [1, 2],
    numResBlocks: 1,
    numHeads: 2,
  })
  const guided = admConfigToGuided(adm)
  const weights = initAdm(adm, randomKey(2), host)
  const folderWith = (configuration: unknown, prefix = '') => {
    const folder = folderOf(configuration === undefined ? {} : { 'config.json': configuration })
    saveSafetensors(
      join(folder, 'ema_0.9999_050000.safetensors'),
      renamed(weights, (name) => prefix + name),
    )
    return folder
  }

  test('is told from its arguments, in either form', () => {
    for (const form of [guided, { architecture: 'adm', kwargs: guided, seed: 3 }]) {
      const folder = folderWith(form)
      expect(findModel(folder)).toMatchObject({ config: adm })
      scope(() => {
        expect(loadNetwork(folder, host)).toMatchObject({
          config: adm,
          notes: [expect.stringMatching(/only ones/)],
        })
      })
    }
  })

  test.each(['', 'module.'])(
    'what config.json leaves out the weights tell, with %o before their names',
    (prefix) => {
      const folder = folderWith({ image_size: 8, num_heads: 2 }, prefix)
      expect(findModel(folder)?.config).toEqual(adm)
      scope(() => {
        expect(numbers(loadNetwork(folder, host).params)).toEqual(numbers(weights))
      })
      expect(() => findModel(folderWith({ num_heads: 2 }, prefix))).toThrow('image_size: is missing')
    },
  )

  test('what config.json says is not overruled', () => {
    expect(() => loadNetwork(folderWith({ image_size: 8, num_res_blocks: 2 }))).toThrow(
      'numResBlocks would have to be 1 (it is 2)',
    )
  })
})
