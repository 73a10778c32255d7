import { existsSync, globSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { parse } from 'acorn'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import type { TestContext } from 'vitest'
import { afterAll, describe, expect, inject, test } from 'vitest'
import {
  emptyFolder,
  manifestIn,
  packageFolders,
  root,
  run,
  tarballs,
  unpackInto,
} from './published/consumer.ts'

// The manifests of the packages, and the tarballs that a clean clone packs.

const project = manifestIn(root)
const scratch = emptyFolder('packages')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.for(packageFolders)('package.json of %s', (name) => {
  const folder = join(root, 'packages', name)
  const json = manifestIn(folder)

  test('says where it comes from', () => {
    const { url } = project['repository'] as { url: string }
    const home = url.replace(/^git\+|\.git$/g, '')
    expect(project['homepage']).toBe(`${home}#readme`)
    expect(json).toMatchObject({
      name: `@tweedie/${name}`,
      version: project.version,
      license: 'MIT',
      author: project['author'],
      repository: { type: 'git', url, directory: `packages/${name}` },
      homepage: `${home}/tree/main/packages/${name}#readme`,
      bugs: project['bugs'],
      engines: { node: '>=22' },
      sideEffects: false,
      type: 'module',
    })
    expect(json['description']).toMatch(/\.$/)
    expect((json['keywords'] as string[]).length).toBeGreaterThan(3)
    const links = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\)/g)]
    for (const [, link = ''] of links) expect(link, 'relative links are dead on npm').toMatch(/^https:|^#/)
    for (const [, link = ''] of links) {
      const path = /^https:\/\/github\.com\/[^/]+\/[^/]+\/(?:blob|tree)\/main\/([^#]*)/.exec(link)?.[1]
      if (path === undefined) continue
      expect(link.startsWith(`${home}/`), link).toBe(true)
      expect(existsSync(join(root, path)), link).toBe(true)
    }
  })

  test('exports the same from dist as from src, and only what is there', () => {
    const { exports } = json['publishConfig'] as { exports: typeof json.exports }
    expect(Object.keys(exports)).toEqual(Object.keys(json.exports))
    for (const [key, target] of Object.entries(json.exports)) {
      if (typeof target !== 'string') throw new Error(`${key}: one file each`)
      if (!target.endsWith('.ts')) {
        expect(exports[key]).toBe(target)
        continue
      }
      expect(existsSync(join(folder, target)), target).toBe(true)
      const stem = target.replace(/^\.\/src\/(.*)\.ts$/, './dist/$1')
      expect(exports[key]).toEqual({ types: `${stem}.d.ts`, default: `${stem}.js` })
    }
  })

  test('depends on what its source imports, and on nothing else', () => {
    const imported = (pattern: string, tests: boolean) =>
      new Set(
        globSync(pattern, { cwd: folder })
          .filter((path) => tests || !/\.test\.(\w+\.)?ts$/.test(path))
          .flatMap((path) => [
            ...readFileSync(join(folder, path), 'utf8').matchAll(
              /['"`]((?:@[\w-]+\/)?[\w.-]+)(?:\/[^'"`\n]*)?['"`]/g,
            ),
          ])
          .map(([, name]) => name),
      )
    const typed = (name: string) => name.replace(/^@types\//, '')
    const source = imported('{src,bin}/**/*.{ts,js}', false)
    const names = [...Object.keys(json.dependencies ?? {}), ...Object.keys(json.peerDependencies ?? {})]
    expect(names.filter((name) => !source.has(typed(name)))).toEqual([])
    const all = imported('{vite.config.ts,{src,bin,scripts,page}/**/*.{ts,tsx,js}}', true)
    expect(Object.keys(json.devDependencies ?? {}).filter((name) => !all.has(typed(name)))).toEqual([])
  })
})

test('the project itself starts on Node 20, and keeps its Node 24 first on the path', () => {
  expect(project).toMatchObject({ engines: { node: '>=20' } })
  expect(run(join(root, 'node_modules/.bin/node'), ['--version'], root).trim()).toBe(process.version)
  expect(process.version).toBe(`v${readFileSync(join(root, '.node-version'), 'utf8').trim()}`)
})

test('nothing tells people to run tweedie through pnpm, which may not be there', () => {
  const files = globSync(['*.md', 'docs/**/*.md', 'packages/*/{README.md,src/**/*.ts,scripts/**/*,bin/*}'], {
    cwd: root,
  })
  expect(files.length).toBeGreaterThan(100)
  const found = files.filter((path) => /pnpm (exec|dlx) tweedie/.test(readFileSync(join(root, path), 'utf8')))
  expect(found).toEqual([])
})

/** The folder of a package as its tarball holds it. */
function unpacked(context: TestContext, name: string): string {
  const folder = join(scratch, name)
  if (!existsSync(folder)) unpackInto(folder, new Map([[name, tarballs(context).get(name) ?? '']]))
  return join(folder, 'node_modules/@tweedie', name)
}

test('npm packs the same as pnpm, and leaves package.json as it was', { timeout: 300_000 }, (context) => {
  const packed = tarballs(context)
  const folder = join(inject('clone'), 'packages/solvers')
  const before = readFileSync(join(folder, 'package.json'), 'utf8')
  const [tarball = ''] = run('npm', ['pack', '--silent'], folder).trim().split('\n').slice(-1)
  expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(before)
  const list = (file: string) => run('tar', ['-tzf', file], root).trim().split('\n').sort()
  expect(list(join(folder, tarball))).toEqual(list(packed.get('solvers') ?? ''))
  const manifest = (file: string) => {
    const { devDependencies, scripts, ...rest } = JSON.parse(
      run('tar', ['-xzOf', file, 'package/package.json'], root),
    )
    return rest
  }
  expect(manifest(join(folder, tarball))).toEqual(manifest(packed.get('solvers') ?? ''))
  expect(existsSync(join(folder, 'LICENSE'))).toBe(false)
})

describe.for(packageFolders)('the tarball of %s', (name) => {
  test('holds its modules, licence and README, and no tests', (context) => {
    const file = tarballs(context).get(name) ?? ''
    const paths = run('tar', ['-tzf', file], root).trim().split('\n')
    expect(paths).toEqual(
      expect.arrayContaining([
        'package/LICENSE',
        'package/README.md',
        'package/dist/index.js',
        'package/dist/index.d.ts',
      ]),
    )
    expect(paths.filter((path) => /\.test\.|tsbuildinfo|\.map$/.test(path))).toEqual([])
    const sources = readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      // Templates go out as they are: they are the user's source.
      .filter((path) => path.endsWith('.ts') && !/\.(test|d)\.|^templates/.test(path))
      .map((path) => `package/dist/${path.replaceAll('\\', '/').replace(/\.ts$/, '.js')}`)
    expect(paths).toEqual(expect.arrayContaining(sources))
  })

  test('says any nowhere in its types', (context) => {
    const folder = unpacked(context, name)
    const found = globSync('dist/**/*.d.ts', { cwd: folder }).filter((path) => {
      const text = readFileSync(join(folder, path), 'utf8')
      const code = text.replace(/\/\*.*?\*\/|\/\/[^\n]*|'[^'\n]*'|"[^"\n]*"/gs, '')
      return /\bany\b/.test(code)
    })
    expect(found).toEqual([])
  })

  test('passes publint', async (context) => {
    const file = tarballs(context).get(name) ?? ''
    const bytes = readFileSync(file)
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('passes attw for ES modules: types resolve as the code does', async (context) => {
    const file = tarballs(context).get(name) ?? ''
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))))
    if (analysis.types === false) throw new Error('no types')
    // The profile "esm-only": no CommonJS, by choice.
    const problems = analysis.problems.filter(
      (problem) => !('resolutionKind' in problem && /^node10$|^node16-cjs$/.test(problem.resolutionKind)),
    )
    expect(problems).toEqual([])
  })

  test('has no module that must run to be of use: bundlers drop those that nobody imports from', (context) => {
    const dist = join(unpacked(context, name), 'dist')
    const acting = globSync('**/*.js', { cwd: dist }).filter((path) => {
      if (/^main\.js$|worker-entry\.js$/.test(path)) return false // programs
      const program = parse(readFileSync(join(dist, path), 'utf8'), {
        ecmaVersion: 'latest',
        sourceType: 'module',
      })
      return program.body.some((statement) => {
        const declared =
          'declaration' in statement && statement.declaration ? statement.declaration : statement
        if (declared.type === 'ClassDeclaration')
          return declared.body.body.some(({ type }) => type === 'StaticBlock')
        return !/Declaration$/.test(statement.type)
      })
    })
    expect(acting).toEqual([])
  })
})
