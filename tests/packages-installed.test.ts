import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { inflateRawSync } from 'node:zlib'
import { encode } from 'fast-png'
import type { TestContext } from 'vitest'
import { afterAll, describe, expect, test } from 'vitest'
import {
  emptyFolder,
  folderBytes,
  manifestIn,
  packageFolders,
  root,
  run,
  tarballs,
  tryRun,
} from './published/consumer.ts'

// The packages that a clean clone packs, installed in an empty project.

const project = manifestIn(root)
const nodes = {
  'Node 24': process.execPath,
  'Node 22': join(root, 'node_modules/node22/bin', process.platform === 'win32' ? 'node.exe' : 'node'),
}

const scratch = emptyFolder('packages')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Entry points by the package's folder: `@tweedie/tensor`, `@tweedie/tensor/wasm`, … (modules only). */
const entries = packageFolders.flatMap((name) => {
  const { name: full, exports } = manifestIn(join(root, 'packages', name))
  return Object.entries(exports).flatMap(([key, target]) =>
    typeof target === 'string' && target.endsWith('.ts') ? [full + key.slice(1)] : [],
  )
})

/** A project in which npm installed all tarballs; or skips the running test where the registry cannot be reached. */
function everything(context: TestContext): string {
  if (install !== undefined) return typeof install === 'string' ? install : context.skip(install.why)
  const packed = tarballs(context)
  const folder = join(scratch, 'everything')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const argv = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packed.values()]
  const { status, text } = tryRun('npm', argv, folder)
  if (status === 0) {
    install = folder
    return folder
  }
  if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED/.test(text)) throw new Error(text)
  install = { why: 'the registry cannot be reached' }
  return context.skip(install.why)
}
let install: string | { readonly why: string } | undefined

/** Folders of what an install of one package brings along, itself among them, by Node's way of finding them. */
function closure(modules: string, name: string): ReadonlySet<string> {
  const folders = new Set<string>()
  const visit = (from: string, dependency: string) => {
    const nested = join(from, 'node_modules', dependency)
    const folder = existsSync(nested) ? nested : join(modules, dependency)
    if (folders.has(folder)) return
    folders.add(folder)
    for (const next of Object.keys(manifestIn(folder).dependencies ?? {})) visit(folder, next)
  }
  visit(modules, name)
  return folders
}

describe('installed from the tarballs', { timeout: 300_000 }, () => {
  test('the tensor alone weighs less than 6 MB, all of it, priors and Studio among it, less than 25 MB', (context) => {
    const modules = join(everything(context), 'node_modules')
    const tensor = closure(modules, '@tweedie/tensor')
    expect([...tensor].map((folder) => relative(modules, folder))).toEqual(
      expect.arrayContaining(['@tweedie/tensor', 'ndarray']),
    )
    expect([...tensor].reduce((sum, folder) => sum + folderBytes(folder), 0) / 1e6).toBeLessThan(6)
    expect(folderBytes(modules) / 1e6).toBeLessThan(25)
    for (const heavy of ['gpu.js', 'webgpu', 'mnist', 'benny'])
      expect(readdirSync(modules)).not.toContain(heavy)
  })

  test.for(Object.entries(nodes))('%s imports every entry point', ([, node], context) => {
    const folder = everything(context)
    const code = `
      const names = ${JSON.stringify(entries)}
      for (const name of names) if (Object.keys(await import(name)).length === 0) throw new Error(name + ' is empty')
      const { createRequire } = await import('node:module')
      const resolve = createRequire(process.cwd() + '/x.js').resolve
      for (const folder of ['digits', 'digits-latent', 'digits-latent/autoencoder', 'photos', 'xray'])
        for (const file of ['config.json', 'record.json', 'model.safetensors'])
          resolve('@tweedie/unet/priors/' + folder + '/' + file)
      console.log(names.length)
      process.exit()`
    expect(entries.length).toBeGreaterThanOrEqual(9)
    expect(run(node, ['--input-type=module', '-e', code], folder).trim()).toBe(String(entries.length))
  })

  test.for(Object.entries(nodes))("%s runs the README's twelve lines", ([, node], context) => {
    const folder = everything(context)
    const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
    expect(code).toContain("from '@tweedie/solvers'")
    writeFileSync(join(folder, 'twelve.mjs'), `${code}\nprocess.exit()\n`)
    const lines = run(node, ['twelve.mjs'], folder).trim().split('\n')
    expect(lines).toHaveLength(20)
    expect(lines.at(-1)).toMatch(/^19 \d+\.\d+$/)
  })

  test.for(Object.entries(nodes))('%s runs the command', ([label, node], context) => {
    const folder = everything(context)
    const tweedie = (...argv: string[]) =>
      run(node, [join(folder, 'node_modules/@tweedie/cli/bin/tweedie.js'), ...argv], folder)
    expect(tweedie('--version').trim()).toBe(project.version)
    expect(tweedie('methods')).toContain('red-diff')
    const data = Uint8Array.from({ length: 784 }, (_, i) => (i * 7) % 256)
    writeFileSync(join(folder, 'd.png'), encode({ width: 28, height: 28, channels: 1, data }))
    const out = `restored-${label.replace(' ', '-')}`
    tweedie('restore', 'd.png', '--method', 'ddrm', '--operator', 'sr:4', '--steps', '2', '--out', out)
    expect(readdirSync(join(folder, out))).toEqual(expect.arrayContaining(['report.html', 'run.json']))
    // The held-out digits, the photographs and the priors come with the packages.
    tweedie(
      'demo',
      '--count',
      '1',
      '--tasks',
      'blur',
      '--methods',
      'ddrm',
      '--steps',
      '2',
      '--out',
      `${out}-demo`,
    )
    expect(readdirSync(join(folder, `${out}-demo`))).toContain('report.html')
  })

  test('npx tweedie runs what is installed', (context) => {
    expect(run('npx', ['--no', '--', 'tweedie', '--version'], everything(context)).trim()).toBe(
      project.version,
    )
  })

  test('the Studio for a static host is its page with the prior of @tweedie/unet, which is there once', (context) => {
    const modules = join(everything(context), 'node_modules')
    const cli = join(modules, '@tweedie/cli/bin/tweedie.js')
    run(process.execPath, [cli, 'studio', '--out', 'host'], everything(context))
    const [host, priors] = [join(modules, '../host/priors/unet'), join(modules, '@tweedie/unet/priors')]
    const [photos, digits] = ['photos/model.safetensors', 'digits/model.safetensors']
    expect(readFileSync(join(host, photos)).equals(readFileSync(join(priors, photos)))).toBe(true)
    // Packed: of each two bytes the first ones, then the second ones.
    const weights = readFileSync(join(priors, digits))
    const first = weights.filter((_, i) => i % 2 === 0)
    const second = weights.filter((_, i) => i % 2 === 1)
    const sent = inflateRawSync(readFileSync(join(host, `${digits}.planes`)))
    expect(sent.equals(Buffer.concat([first, second]))).toBe(true)
    const site = readdirSync(join(modules, '@tweedie/studio/site'), { recursive: true })
    expect(site).toContain('index.html')
    expect(site.filter((path) => String(path).endsWith('.safetensors'))).toEqual([])
  })

  test('bench asks for benny, and times what it is asked to', (context) => {
    const folder = everything(context)
    const cli = join(folder, 'node_modules/@tweedie/cli/bin/tweedie.js')
    const argv = ['bench', 'kernels', '--filter', 'conv 3×3 3→64 @64² forward', '--seconds', '0.01']
    const without = tryRun(process.execPath, [cli, ...argv, '--no-roofline'], folder)
    expect(without).toEqual({ status: 2, text: expect.stringContaining('`npm i benny`') })
    run('npm', ['install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', 'benny'], folder)
    const table = run(process.execPath, [cli, ...argv, '--no-roofline'], folder)
    expect(table).toMatch(/conv 3×3 3→64 @64² forward \|.* ms/)
  })

  test("bench's peers lie where it looks for them", (context) => {
    const peers = join(everything(context), 'node_modules/@tweedie/bench/src/peers')
    expect(readdirSync(peers)).toEqual(expect.arrayContaining(['torch_peer.py', 'torch_networks.py']))
    const script = readFileSync(join(peers, '../../dist/peers/torch.js'), 'utf8')
    expect(script).toContain("'../../src/peers/torch_peer.py'")
  })

  const consumer = `${entries.map((name, i) => `import * as all${i} from '${name}'`).join('\n')}
    import { dps, epsilonPrior, gaussianNoise, operatorFromSpec, run, vpLinear } from '@tweedie/solvers'
    import { randomKey, type Tensor, tensor } from '@tweedie/tensor'
    import { fetchPrior, predictor } from '@tweedie/unet'
    export async function restore(truth: Tensor): Promise<Tensor> {
      const prior = epsilonPrior({ name: 'digits', shape: [1, 28, 28], schedule: vpLinear(), clip: [-1, 1],
        predictNoise: predictor(await fetchPrior('/priors/digits')) })
      const operator = operatorFromSpec('inpaint:box=14', prior.shape)
      const noise = gaussianNoise(0.05)
      const y = noise.sample([randomKey(1)], operator.forward(truth))
      return run(dps({ operator, noise, y }, prior), { breathe: true })
    }
    export function freed(): number {
      using x = tensor([1, 2, 3])
      return x.size
    }
    export const modules: readonly object[] = [${entries.map((_, i) => `all${i}`)}]
    // @ts-expect-error A shape is no string: the types are there, and say what they should.
    tensor([1]).reshape('1')
  `
  const settings = ['nodenext', 'bundler'].flatMap((resolution) =>
    [true, false].map((skipLibCheck) => ({
      resolution,
      skipLibCheck,
      lib: ['es2022'],
      types: [] as string[],
    })),
  )
  test.for([
    ...settings,
    { resolution: 'bundler', skipLibCheck: false, lib: ['es2022', 'dom'], types: [] },
    { resolution: 'nodenext', skipLibCheck: false, lib: ['es2022'], types: ['node'] },
    { resolution: 'nodenext', skipLibCheck: false, lib: ['esnext', 'dom'], types: ['node'] },
  ])('types: $resolution, skipLibCheck $skipLibCheck, lib $lib, types $types', (setting, context) => {
    const { resolution, ...options } = setting
    const folder = join(
      everything(context),
      'types',
      JSON.stringify(Object.values(setting)).replace(/\W+/g, '-'),
    )
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'consumer.ts'), consumer)
    const compilerOptions = {
      ...options,
      module: resolution === 'bundler' ? 'preserve' : resolution,
      moduleResolution: resolution,
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      typeRoots: [join(root, 'node_modules/@types')],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    expect(tryRun(process.execPath, [tsc, '-p', '.'], folder).text.trim()).toBe('')
  })
})
