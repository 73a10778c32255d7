import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, readParams } from '../checkpoint/file.ts'
import type { LoadOptions } from '../checkpoint/load.ts'
import { loadParams } from '../checkpoint/load.ts'
import type { Params } from '../params.ts'
import type { AdmConfig } from './config.ts'
import { admExplain } from './explain.ts'
import { admConfigFromGuided } from './guided.ts'
import { admSpec } from './spec.ts'

/**
 * An `adm` network from a folder: `config.json` with the arguments of guided-diffusion's `UNetModel`, and
 * its state dict in `model.safetensors` or, where there is none, in `model.pt`.
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadAdm(
  directory: string,
  options: Pick<LoadOptions, 'device'> = {},
): { config: AdmConfig; params: Params } {
  const configPath = join(directory, 'config.json')
  const config = admConfigFromGuided(readJson(configPath), configPath)
  const safetensors = join(directory, 'model.safetensors')
  const path = existsSync(safetensors) ? safetensors : join(directory, 'model.pt')
  const params = loadParams(readParams(path), admSpec(config), path, {
    ...options,
    explain: admExplain(config),
  })
  return { config, params }
}
