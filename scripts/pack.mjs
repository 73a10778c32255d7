// The scripts `prepack` and `postpack` of every package: `node ../../scripts/pack.mjs prepare|restore`.
//
// `prepare` builds dist, so that a package is never packed without it. pnpm itself writes the published
// package.json (`publishConfig` in place, versions for `workspace:*`) and adds the licence; npm does neither, so
// under npm it is done here while packing, and `restore` takes it back.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const manifest = resolve('package.json')
const saved = resolve('package.json.unpacked')
const licence = resolve('LICENSE')
const packages = join(root, 'packages')

/** The package.json that others get: `publishConfig`'s fields in their places, and real versions. */
function published(json, versions) {
  const { publishConfig = {}, scripts: _, devDependencies: __, ...rest } = json
  const { access, ...fields } = publishConfig
  const out = { ...rest, ...fields, publishConfig: { access } }
  for (const [name, range] of Object.entries(out.dependencies ?? {})) {
    if (!range.startsWith('workspace:') && !range.startsWith('catalog:')) continue
    const version = versions.get(name)
    if (version === undefined) throw new Error(`no version known for ${name} ${range}`)
    out.dependencies = { ...out.dependencies, [name]: version }
  }
  return out
}

/** Versions of our own packages, and of the catalog in pnpm-workspace.yaml. */
function knownVersions() {
  const versions = new Map()
  for (const name of readdirSync(packages)) {
    const json = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'))
    versions.set(json.name, json.version)
  }
  const catalog = /^catalog:\n((?: {2}.*\n)*)/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))
  for (const [, name, range] of (catalog?.[1] ?? '').matchAll(/^ {2}'?([^':]+(?:\.js)?)'?: (\S+)$/gm))
    versions.set(name, range)
  return versions
}

function restore() {
  if (!existsSync(saved)) return
  renameSync(saved, manifest)
  rmSync(licence, { force: true })
}

function prepare() {
  restore() // where an earlier packing was cut short
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'run.mjs'), 'build'], {
    stdio: ['ignore', 2, 2], // stdout belongs to `npm pack --json`
  })
  if (built.status !== 0) process.exit(built.status ?? 1)
  if (!/^npm\//.test(process.env.npm_config_user_agent ?? '')) return
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(saved, text)
  copyFileSync(join(root, 'LICENSE'), licence)
  writeFileSync(manifest, `${JSON.stringify(published(JSON.parse(text), knownVersions()), null, 2)}\n`)
}

const command = { prepare, restore }[process.argv[2] ?? '']
if (command === undefined) {
  console.error('Usage: node scripts/pack.mjs prepare|restore, in the folder of a package')
  process.exit(2)
}
command()
