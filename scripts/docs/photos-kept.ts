// Pictures that a run of `npm run docs -- --photos` has made, kept until the page is written, so that one that was stopped goes on.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Picture } from '@tweedie/runs'
import { parseNpy, writeNpy } from '@tweedie/unet'
import { root } from './measured.ts'

const folder = join(root, 'out/photos')

/** What a prior is, whatever it is called: a digest of the files of its folder. */
export function digestOf(prior: string): string {
  const found = [resolve(root, prior), resolve(root, 'packages/unet/priors', prior)].find(existsSync)
  const hash = createHash('sha256').update(prior)
  if (found === undefined || !statSync(found).isDirectory()) return hash.digest('hex')
  for (const name of readdirSync(found).sort())
    if (/\.(safetensors|json)$/.test(name)) hash.update(readFileSync(join(found, name)))
  return hash.digest('hex')
}

/** A picture by all that it depends on: made where it is not there yet. */
export async function kept(of: readonly unknown[], make: () => Promise<Picture>): Promise<Picture> {
  const name = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 24)
  const path = join(folder, `${name}.npy`)
  if (existsSync(path)) {
    const { shape, values } = parseNpy(readFileSync(path), path)
    const [channels = 1, height = 0, width = 0] = shape
    return { channels: channels === 3 ? 3 : 1, height, width, data: Float32Array.from(values()) }
  }
  const picture = await make()
  const { channels, height, width, data } = picture
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, writeNpy({ shape: [channels, height, width], values: data }))
  return picture
}

/** Drops them all. */
export const forget = (): void => rmSync(folder, { recursive: true, force: true })
