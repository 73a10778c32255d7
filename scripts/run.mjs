// Runs the project's commands: `node scripts/run.mjs COMMAND [ARGS]`, behind the npm scripts.
//
// Plain JavaScript that any Node >= 20 can run. It installs what the lockfile says, when something changed,
// and then runs everything else on the pinned Node (the npm package `node`, a root devDependency).
//
// pnpm comes through npx at a pinned version. pnpm 12 is a native binary with a small launcher, so it runs
// on Node 20 as well. There is no `packageManager` field in package.json, on purpose: see docs/adr/0001.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const pnpmVersion = '12.21.0'
const windows = process.platform === 'win32'
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const pinnedNode = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node')
const stamp = join(modules, '.tweedie-install')

/** Runs a program in the root with the pinned Node first on the PATH; returns its exit code. */
function run(program, args, options = {}) {
  const path = [dirname(pinnedNode), join(modules, '.bin'), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH: path }
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env, ...options })
  if (error) console.error(`${program}: ${error.message}`)
  return error ? 127 : (status ?? 128 + constants.signals[signal])
}

const pnpm = (...args) =>
  run('npx', ['--yes', `pnpm@${pnpmVersion}`, ...args], { env: process.env, shell: windows })

/** A digest of every file that decides what an install gives. */
function fingerprint() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'package.json'))
  const hash = createHash('sha256').update(`${pnpmVersion} ${process.platform} ${process.arch}`)
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...packages.sort()]) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(file).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function install() {
  const wanted = fingerprint()
  if (existsSync(pinnedNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('Installing dependencies …')
  const code = pnpm('install', '--frozen-lockfile')
  if (code !== 0) {
    console.error('\nThe install failed. If you changed dependencies, run: npm run pnpm -- install')
    process.exit(code)
  }
  if (!existsSync(pinnedNode)) {
    console.error(
      `\nThe install gave no ${pinnedNode}: the install script of the package "node" did not run.`,
    )
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}

const node = (...args) => run(pinnedNode, args)
/** The command line, in the folder the user stands in (npm itself moves to the root). */
const tweedie = (...args) =>
  run(pinnedNode, [join(root, 'packages/cli/bin/tweedie.js'), ...args], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
  })
const bin = {
  biome: ['node_modules/@biomejs/biome/bin/biome'],
  depcruise: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'],
  tsc: ['node_modules/typescript/bin/tsc'],
  vitest: ['node_modules/vitest/vitest.mjs'],
}

const lint = (...args) => node(...bin.biome, 'check', '--error-on-warnings', ...args)
const types = (...args) => node(...bin.tsc, '-b', ...args)
/** Every package's dist, without what is left there of sources that are gone. */
function build() {
  const names = readdirSync(join(root, 'packages'))
  for (const name of names) {
    const folder = join(root, 'packages', name)
    const dist = join(folder, 'dist')
    if (!existsSync(dist)) continue
    for (const file of readdirSync(dist, { recursive: true })) {
      const source = /^(.*)\.(?:js|d\.ts)$/.exec(file)?.[1]
      const gone = source !== undefined && !existsSync(join(folder, 'src', `${source}.ts`))
      if (gone || file.endsWith('.map')) rmSync(join(dist, file))
    }
  }
  return types(...names.map((name) => `packages/${name}`))
}
const deps = () => node(...bin.depcruise, '--config', 'scripts/dependency-rules.mjs', 'packages', 'tests')
const reporters = ['--reporter=default', '--reporter=./scripts/skip-reporter.ts']
const unit = (...args) => node(...bin.vitest, 'run', ...reporters, ...args)
const kernelTests = ['packages/tensor/src/wasm', 'packages/autograd/src/survey/tolerances.test.ts']
/** The tests of the kernels once more, without threads and without fused multiply-add. */
const plain = (...args) => {
  const env = { TWEEDIE_THREADS: '1', TWEEDIE_RELAXED_SIMD: '0' }
  const path = [dirname(pinnedNode), join(modules, '.bin'), process.env.PATH].join(delimiter)
  const command = [...bin.vitest, 'run', ...reporters, ...kernelTests, ...args]
  return run(pinnedNode, command, { env: { ...process.env, PATH: path, ...env } })
}

/** Planted faults that the tests must notice. */
const mutants = (...args) => node('scripts/mutants/main.ts', ...args)

/** Changed files over the readers of checkpoints. */
const fuzz = (...args) => node('scripts/fuzz/main.ts', ...args)

/** The generated parts of the documentation, and what is measured for it. */
const docs = (...args) => node('scripts/docs/main.ts', ...args)

/** Every stage, even after one that failed; then a table and the closing line. */
function test() {
  /** A stage of tests that counts them. */
  const counted = (name, suite) => {
    const report = join(root, 'out', `vitest-${name}.json`)
    rmSync(report, { force: true })
    return {
      name,
      run: () => suite('--reporter=json', `--outputFile.json=${report}`),
      count: (code) => countTests(report, code),
    }
  }
  const stages = [
    { name: 'lint', run: lint },
    { name: 'types', run: types },
    { name: 'deps', run: deps },
    counted('unit', unit),
    counted('plain', plain),
  ]
  const rows = stages.map(({ name, run, count }) => {
    console.log(`\n── ${name} ${'─'.repeat(76 - name.length)}`)
    const start = Date.now()
    const code = run()
    const counts = count?.(code) ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
    return { name, seconds: ((Date.now() - start) / 1000).toFixed(1), ...counts }
  })
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
  const cells = [
    ['stage', 'passed', 'failed', 'skipped', 'seconds'],
    ...rows.map(({ name, passed, failed, skipped, seconds }) => [name, passed, failed, skipped, seconds]),
  ]
  console.log()
  for (const [name, ...rest] of cells)
    console.log(`${name.padEnd(8)}${rest.map((c) => String(c).padStart(9)).join('')}`)
  const skipped = sum('skipped')
  console.log(
    `\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  )
  return sum('failed') > 0 ? 1 : 0
}

/** The numbers of a vitest JSON report; what failed without being a test (a file that does not load) counts once. */
function countTests(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests: passed, testResults, ...json } = JSON.parse(readFileSync(report, 'utf8'))
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const failed = json.numFailedTests + broken
  return {
    passed,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: json.numPendingTests + json.numTodoTests,
  }
}

/** The Studio of a clone: its page built from the sources, then served. */
const studio = (...args) => buildStudio() || tweedie('studio', ...args)
const buildStudio = () =>
  node(
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'packages/studio/vite.config.ts',
    '--logLevel',
    'error',
  )

const commands = {
  install: () => 0,
  build,
  pnpm,
  demo: (...args) => tweedie('demo', ...args),
  studio,
  tweedie,
  bench: (...args) => tweedie('bench', ...args),
  'bench:gpu': (...args) => node('scripts/bench-gpu/main.ts', ...args),
  'bench:studio': (...args) => buildStudio() || node('scripts/bench-studio/main.ts', ...args),
  test,
  lint,
  format: (...args) => node(...bin.biome, 'check', '--write', ...args),
  types,
  deps,
  unit,
  plain,
  mutants,
  fuzz,
  docs,
}

const [name, ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (!command) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [ARGS]`)
  process.exit(2)
}
if (command !== pnpm) install()
process.exit(command(...args))
